import type { Cancellable } from "@cooper/archive";
import {
  ECOSYSTEM_NAMES,
  ecosystemOf,
  inParallel,
  openContext,
  type OpenContext,
  solvePackages,
  versionsOf,
} from "@cooper/distro";
import { parseReference, type Platform } from "@cooper/oci";
import type { Resolver } from "@cooper/transport";
import { BuildError } from "../../errors.ts";
import { makeResolver, type ResolverOptions } from "../../schemes/resolver.ts";
import type { Plan } from "../plan/plan.ts";
import type { Locks } from "./locks.ts";
import { referencesToLock } from "./references.ts";

export interface LockPlanOptions extends ResolverOptions, Cancellable {
  /** For which packages are solved. */
  readonly platforms: readonly Platform[];
  /** What stays as it was: versions of packages but those named, where repositories still have them, and images. */
  readonly kept?: { readonly locks: Locks; readonly except: readonly string[] } | undefined;
}

type RootLock = Locks[string];

/**
 * What the references of a plan come to now. Indexes are read and packages solved, none is fetched; of an
 * image that lies somewhere the digest is asked. What solving and opening throw, and
 * `CONFIGURATION_UNSUPPORTED` for images that have no lasting digest.
 */
export async function lockPlan(plan: Plan, options: LockPlanOptions): Promise<Locks> {
  const { packages, signal } = options;
  const references = referencesToLock(plan);
  const resolver = makeResolver(options);
  const context = await openContext({ ...packages, signal });
  try {
    const lock = async (reference: string, cancel: Cancellable): Promise<readonly [string, RootLock]> => {
      const before = options.kept?.locks[reference];
      if (before !== undefined && "digest" in before) return [reference, before];
      const keeping = { ...context, ...cancel, ...keptOf(before, options.kept?.except ?? []) };
      return [reference, await lockOf(reference, options.platforms, keeping, resolver)];
    };
    return Object.fromEntries(await inParallel(references, references.length, lock, { signal }));
  } finally {
    await context.close();
  }
}

/** For the solver. */
function keptOf(
  before: RootLock | undefined,
  except: readonly string[],
): Pick<OpenContext, "keep" | "before"> {
  if (before === undefined || "digest" in before) return {};
  const { solutions } = before;
  const keep = versionsOf(solutions);
  for (const name of except) keep.delete(name);
  return { keep, before: solutions };
}

async function lockOf(
  text: string,
  platforms: readonly Platform[],
  context: OpenContext,
  resolver: Resolver,
): Promise<RootLock> {
  const { signal } = context;
  const reference = parseReference(text);
  const ecosystem = ECOSYSTEM_NAMES.find((name) => name === reference.scheme);
  if (ecosystem !== undefined && "rest" in reference) {
    const request = (await ecosystemOf(ecosystem)).parse(reference.rest);
    return { solutions: await solvePackages(ecosystem, request, platforms, context) };
  }
  if (reference.scheme === "docker-daemon") {
    throw new BuildError("CONFIGURATION_UNSUPPORTED", `${text} cannot be locked`, {
      fields: { reference: text },
      advice: "An engine's images have no digest that lasts: copy it to a registry, a layout or the store.",
    });
  }
  const opened = await resolver.open(text, { signal });
  try {
    return { digest: await opened.content.digest({ signal }) };
  } finally {
    await opened.close();
  }
}
