import { DistroError } from "../../errors.ts";
import { parseDependency } from "../dependency.ts";
import type { IndexPackage } from "../index/index-package.ts";
import { decide } from "./decide.ts";
import { explain } from "./explain.ts";
import { installOrder, type Placed, type Reason } from "./order.ts";
import { constrain, discover, reconsider } from "./propagate.ts";
import { Search } from "./search.ts";
import type { Universe } from "./universe.ts";

/** A package that is to be installed. */
export interface SolvedPackage {
  readonly package: IndexPackage;
  /** Why it is there; where there are several reasons, the first in the order of installation. */
  readonly reason: Reason;
}

export interface SolveOptions {
  /**
   * Versions by package name that are taken where the repositories have them and nothing forbids it:
   * as `apk add` without `--upgrade` keeps what is installed.
   */
  readonly keep?: ReadonlyMap<string, string> | undefined;
}

/**
 * What `apk add` of apk-tools 2.12.9 would install on an empty root for these requests (`name`,
 * `name=1.2-r3`, `name~1.2`, `!name`, `name@tag`, …): the same packages in the same order. Nothing
 * is kept from one call to the next.
 *
 * `UNSOLVABLE`, whose message says what stands in the way, shortest cause first;
 * `DEPENDENCY_INVALID`
 */
export function solve(
  universe: Universe,
  requests: readonly string[],
  { keep }: SolveOptions = {},
): readonly SolvedPackage[] {
  const search = new Search(universe, requests.map(parseDependency), keep);
  const placed = choose(search);
  if (search.errors === 0) {
    return placed.map(({ package: { index }, reason }) => ({ package: index, reason }));
  }
  const causes = explain(search, placed);
  throw new DistroError("UNSOLVABLE", `no set of packages fulfils this: ${causes.join("; ")}`, {
    fields: { request: requests.join(" "), causes: causes.join("\n") },
  });
}

function choose(search: Search): readonly Placed[] {
  try {
    for (const { name } of search.wishes) discover(search, name);
    for (const wish of search.wishes) {
      const { tag } = wish.dependency;
      if (tag !== undefined && !search.universe.tagged.has(tag)) search.errors++;
      constrain(search, undefined, wish);
    }
    propagate(search);
    return installOrder(search);
  } catch (cause) {
    // Some thousand levels of dependencies: no distribution has them, a hostile index may.
    if (!(cause instanceof RangeError)) throw cause;
    throw new DistroError("UNSOLVABLE", "the dependencies lie deeper than can be followed", { cause });
  }
}

function propagate(search: Search): void {
  for (;;) {
    for (let name = search.takeDirty(); name !== undefined; name = search.takeDirty()) {
      reconsider(search, name);
    }
    const next = search.nextUnresolved();
    if (next === undefined) return;
    decide(search, next);
  }
}
