import { DistroError } from "../../errors.ts";
import { explain } from "./explain.ts";
import { mark } from "./mark.ts";
import { installOrder, type Placed } from "./order.ts";
import { Policy, type PolicyOptions } from "./policy.ts";
import { resolve } from "./resolve.ts";
import { Search } from "./search.ts";
import { followRelease, type Selected, selectVersion } from "./select.ts";
import { sweep } from "./sweep.ts";
import type { Name, Universe, Version } from "./universe.ts";
import { parseWish } from "./wish.ts";

export interface SolveOptions extends PolicyOptions {
  /** Whether what packages recommend is installed, too. */
  readonly recommends: "followed" | "ignored";
  /** Versions by name that are rather taken than newer ones, where they are there. */
  readonly keep?: ReadonlyMap<string, string> | undefined;
  /** Besides the requests, exactly these: what was chosen before for the same universe. */
  readonly given?: readonly Version[] | undefined;
}

/**
 * What `apt-get install` of apt 2.6 would install on an empty root for these requests (`name`,
 * `name=1.2-3`, `name/suite`): the same packages, in an order in which each comes after what it
 * needs. Essential packages are not added by themselves.
 *
 * `UNSOLVABLE`, whose message says what stands in the way, shortest cause first; `REQUEST_INVALID`
 */
export function solve(
  universe: Universe,
  requests: readonly string[],
  options: SolveOptions,
): readonly Placed[] {
  try {
    return choose(universe, requests, options);
  } catch (cause) {
    // Some thousand levels of dependencies: no distribution has them, a hostile index may.
    if (!(cause instanceof RangeError)) throw cause;
    throw new DistroError("UNSOLVABLE", "the dependencies lie deeper than can be followed", { cause });
  }
}

function choose(
  universe: Universe,
  requests: readonly string[],
  { pins, target, recommends, keep, given = [] }: SolveOptions,
): readonly Placed[] {
  const policy = new Policy(universe, { pins, target });
  const search = new Search(universe, {
    recommends,
    candidateOf: (name) => {
      const kept = name.versions.find((each) => each.package.version === keep?.get(name.text));
      const isAllowed = kept !== undefined && policy.priorityOf(kept) !== "never";
      return isAllowed ? kept : policy.candidateOf(name);
    },
  });
  const selected: Selected[] = given.map((version) => ({
    state: search.state(version.name),
    version,
    release: undefined,
  }));
  const problems: string[] = [];
  for (const wish of requests.map(parseWish)) {
    const found = selectVersion(search, wish);
    if (typeof found === "string") problems.push(found);
    else selected.push(found);
  }
  if (problems.length > 0) throw unsolvable(requests, problems);
  for (const { state, version } of selected) {
    state.candidate = version;
    state.isProtected = true;
    mark(search, state, { needs: "left", by: "request" });
  }
  followRelease(search, selected);
  for (const { state } of selected) mark(search, state, { needs: "followed", by: "request" });
  const names = new Set<Name>(selected.map(({ state }) => state.name));
  if (!resolve(search, names)) throw unsolvable(requests, explain(search));
  sweep(search);
  return installOrder(search, names);
}

function unsolvable(requests: readonly string[], causes: readonly string[]): DistroError {
  return new DistroError("UNSOLVABLE", `no set of packages fulfils this: ${causes.join("; ")}`, {
    fields: { request: requests.join(" "), causes: causes.join("\n") },
  });
}
