import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import type { StorePath } from "../store/store-path.ts";
import { keptRoots } from "./kept.ts";
import type { FoundPackage, PackageSource } from "./package-source.ts";
import type { Demand, Wanted } from "./request.ts";

/** A store path that was asked for, or that is put into every image. */
export interface Root {
  readonly why: "asked for" | "always added";
  readonly path: StorePath;
  /** As it was asked for: `curl`, `curl.dev`. */
  readonly attribute: string;
  readonly found: FoundPackage;
}

/**
 * The store paths of what is wanted, in that order. An attribute may end in an output: `curl.dev`.
 * `UNSOLVABLE`, which names all that there is not, and what looks like it
 */
export async function resolveAttributes(
  demand: Demand,
  source: PackageSource,
  context: Context,
): Promise<readonly Root[]> {
  const { wanted: asked, added } = demand;
  const kept = keptRoots(demand.platform, context);
  const all = [...asked, ...added].filter(({ attribute }) => !kept.has(attribute));
  const attributes = [...new Set(all.map(({ attribute }) => attribute))];
  const found = await source.find(attributes);
  const parents = attributes
    .filter((attribute) => !found.has(attribute))
    .map((attribute) => parentOf(attribute).parent);
  const above = await source.find([...new Set(parents)].filter((parent) => parent !== ""));
  const select = (wanted: Wanted): readonly FoundRoot[] | undefined => {
    const { attribute } = wanted;
    const before = kept.get(attribute);
    if (before !== undefined) return before;
    const one = found.get(attribute);
    if (one !== undefined) return rootsOf(wanted, one, one.install);
    const { parent, output } = parentOf(attribute);
    const whole = above.get(parent);
    return whole?.outputs.has(output) === true ? rootsOf(wanted, whole, [output]) : undefined;
  };
  const missing = asked.filter((wanted) => select(wanted) === undefined);
  if (missing.length > 0) throw unknown(missing, source);
  for (const { attribute } of added) {
    if (found.has(attribute) || kept.has(attribute)) continue;
    const message = `${source.name} has no ${attribute}: the image goes without`;
    context.onEvent({ type: "warning", subject: attribute, message });
  }
  const rootsFor = (wanted: readonly Wanted[], why: Root["why"]): readonly Root[] =>
    wanted.flatMap((one) => (select(one) ?? []).map((root) => ({ ...root, why })));
  return [...rootsFor(asked, "asked for"), ...rootsFor(added, "always added")];
}

/** A root before it is said why it is one. */
export type FoundRoot = Omit<Root, "why">;

function parentOf(attribute: string): { readonly parent: string; readonly output: string } {
  const dot = attribute.lastIndexOf(".");
  return { parent: attribute.slice(0, Math.max(dot, 0)), output: attribute.slice(dot + 1) };
}

function rootsOf(wanted: Wanted, found: FoundPackage, outputs: readonly string[]): readonly FoundRoot[] {
  if (wanted.version !== undefined && wanted.version !== found.version) {
    throw new DistroError(
      "UNSOLVABLE",
      `${wanted.attribute} is to be ${wanted.version}, and there is ${found.version || "no version that is known"}`,
      { advice: "Ask for that version, or for a channel that has the other." },
    );
  }
  return outputs.flatMap((output) => {
    const path = found.outputs.get(output);
    return path === undefined ? [] : [{ path, attribute: wanted.attribute, found }];
  });
}

function unknown(missing: readonly Wanted[], source: PackageSource): DistroError {
  const names = missing.map(({ attribute }) => {
    const similar = source.similar(attribute);
    return similar.length === 0 ? attribute : `${attribute} (there is ${similar.join(", ")})`;
  });
  return new DistroError("UNSOLVABLE", `${source.name} has no ${names.join(", no ")}`, {
    advice: "Packages are named by their attribute in nixpkgs.",
    fields: { missing: missing.map(({ attribute }) => attribute).join(" ") },
  });
}
