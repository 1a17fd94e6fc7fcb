import type { Platform } from "@cooper/oci";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { solvedPath } from "../details.ts";
import type { FoundRoot } from "./resolve.ts";

/**
 * What an earlier lock had for attributes that are not to be updated, by attribute. What a store path needs
 * it names to the bit: only what was asked for can be brought up to date, and what it needs goes with it.
 * `REQUEST_INVALID`
 */
export function keptRoots(
  platform: Platform,
  { before = [], keep }: Context,
): ReadonlyMap<string, readonly FoundRoot[]> {
  const solution = before.find(
    (one) => one.ecosystem === "nix" && one.platform.architecture === platform.architecture,
  );
  if (solution === undefined || keep === undefined) return new Map();
  const paths = solution.packages.map(solvedPath);
  const roots = paths.flatMap((path) => (path.root === undefined ? [] : [{ ...path, root: path.root }]));
  const named = new Set(roots.map(({ package: { name } }) => name));
  const other = paths.find(({ package: { name } }) => !keep.has(name) && !named.has(name));
  if (other !== undefined) {
    throw new DistroError(
      "REQUEST_INVALID",
      `${other.package.name} was not asked for: it comes with what needs it, ${other.package.reason}`,
      { advice: `Update one of ${[...named].toSorted().join(", ")}.` },
    );
  }
  const byAttribute = Map.groupBy(
    roots.toSorted((a, b) => a.root.order - b.root.order),
    ({ root }) => root.attribute,
  );
  const kept = new Map<string, readonly FoundRoot[]>();
  for (const [attribute, found] of byAttribute) {
    if (found.every(({ package: { name } }) => keep.has(name))) kept.set(attribute, found.map(rootOf));
  }
  return kept;
}

function rootOf({
  path,
  root: { attribute, program },
  package: { origin, originVersion, license, description, homepage },
}: ReturnType<typeof solvedPath> & {
  readonly root: { readonly attribute: string; readonly program: string };
}): FoundRoot {
  const about = { license, description, homepage, program };
  const found = {
    attribute,
    name: origin,
    version: originVersion,
    outputs: new Map(),
    install: [],
    ...about,
  };
  return { path, attribute, found };
}
