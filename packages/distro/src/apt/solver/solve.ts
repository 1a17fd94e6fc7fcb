import { DistroError } from "../../errors.ts";
import { explain } from "./explain.ts";
import { mark } from "./mark.ts";
import { installOrder, type Placed } from "./order.ts";
import { Policy, type PolicyOptions } from "./policy.ts";
import { resolve } from "./resolve.ts";
import { Search, type State } from "./search.ts";
import { selectVersion } from "./select.ts";
import { sweep } from "./sweep.ts";
import type { Name, Universe } from "./universe.ts";
import { parseWish } from "./wish.ts";

export interface SolveOptions extends PolicyOptions {
  /** Whether what packages recommend is installed, too. */
  readonly recommends: "followed" | "ignored";
  /** Versions by name that are rather taken than newer ones, where they are there. */
  readonly keep?: ReadonlyMap<string, string> | undefined;
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
  const policy = new Policy(universe, options);
  const search = new Search(universe, {
    recommends: options.recommends,
    candidateOf: (name) => {
      const kept = options.keep?.get(name.text);
      const version = name.versions.find((each) => each.package.version === kept);
      return version !== undefined && policy.priorityOf(version) !== "never"
        ? version
        : policy.candidateOf(name);
    },
  });
  const asked = new Map<State, string>();
  const problems: string[] = [];
  for (const wish of requests.map(parseWish)) {
    const selected = selectVersion(search, wish);
    if (typeof selected === "string") problems.push(selected);
    else asked.set(selected, wish.text);
  }
  if (problems.length > 0) throw unsolvable(requests, problems);
  for (const state of asked.keys()) {
    state.isProtected = true;
    mark(search, state, { needs: "left", by: "request", depth: 0 });
  }
  const inOrder = [...asked.keys()].toSorted((a, b) => a.name.rank - b.name.rank);
  for (const state of inOrder) mark(search, state, { needs: "followed", by: "request", depth: 0 });
  const names = new Set<Name>(inOrder.map(({ name }) => name));
  if (!resolve(search, names)) throw unsolvable(requests, explain(search));
  sweep(search);
  return installOrder(search, new Map([...asked].map(([{ name }, text]) => [name, text])));
}

function unsolvable(requests: readonly string[], causes: readonly string[]): DistroError {
  return new DistroError("UNSOLVABLE", `no set of packages fulfils this: ${causes.join("; ")}`, {
    fields: { request: requests.join(" "), causes: causes.join("\n") },
  });
}
