import type { Cancellable } from "@cooper/archive";
import { DistroError } from "../../errors.ts";
import { inParallel } from "../../fetch/in-parallel.ts";
import { storePathOf } from "../store/store-path.ts";
import type { StorePath } from "../store/store-path.ts";
import type { Located } from "./find.ts";

/** A path of a closure. */
export interface ClosurePath extends Located {
  /** The path that needs it and was looked at first; undefined for those that were asked for. */
  readonly neededBy: StorePath | undefined;
  /** How many others of the closure need it themselves. */
  readonly dependents: number;
}

export interface ClosureOptions extends Cancellable {
  /** Paths that are looked for at a time; default 16. */
  readonly parallel?: number | undefined;
  /** Paths at the most; default 50,000. A whole desktop has some thousand. */
  readonly limit?: number | undefined;
}

/**
 * These paths and all that they refer to, what is needed before what needs it; the same order
 * whatever was found first. A path may refer to itself and to no other way round.
 *
 * `NOT_FOUND`: no cache has a path; the message tells what needs it. `INDEX_INVALID`: a ring.
 */
export async function walkClosure(
  roots: readonly StorePath[],
  find: (path: StorePath, options: Cancellable) => Promise<Located | undefined>,
  options: ClosureOptions = {},
): Promise<readonly ClosurePath[]> {
  const { parallel = 16, limit = 50_000 } = options;
  const neededBy = new Map<string, StorePath | undefined>();
  const located = new Map<string, Located>();
  let ahead: readonly StorePath[] = roots.filter(({ base }, place) => {
    return roots.findIndex((other) => other.base === base) === place;
  });
  for (const { base } of ahead) neededBy.set(base, undefined);
  while (ahead.length > 0) {
    // oxlint-disable-next-line no-await-in-loop -- what is needed is known when what needs it was read
    const found = await inParallel(
      ahead,
      parallel,
      async (path, cancel) => (await find(path, cancel)) ?? missing(path, neededBy.get(path.base)),
      options,
    );
    const next: StorePath[] = [];
    for (const one of found) {
      located.set(one.narinfo.path.base, one);
      for (const reference of needs(one)) {
        if (neededBy.has(reference.base)) continue;
        neededBy.set(reference.base, one.narinfo.path);
        next.push(reference);
      }
    }
    if (neededBy.size > limit) {
      throw new DistroError("UNSOLVABLE", `more than ${limit} store paths are needed`, { fields: { limit } });
    }
    ahead = next;
  }
  const order = inOrder(roots, located);
  const dependents = countDependents(order);
  return order.map((one) => {
    const { base } = one.narinfo.path;
    return { ...one, neededBy: neededBy.get(base), dependents: dependents.get(base) ?? 0 };
  });
}

/** What a path refers to but for itself, in an order of its own. */
function needs({ narinfo: { path, references } }: Located): readonly StorePath[] {
  return references.filter(({ base }) => base !== path.base).toSorted((a, b) => (a.base < b.base ? -1 : 1));
}

function missing(path: StorePath, neededBy: StorePath | undefined): never {
  const why = neededBy === undefined ? "" : `, which ${neededBy.name} needs`;
  throw new DistroError("NOT_FOUND", `no cache has ${storePathOf(path.base)}${why}`, {
    advice: "Give a cache that has it, or a catalogue of packages that are in the cache.",
    fields: { path: storePathOf(path.base) },
  });
}

/** Depth first, without recursion: chains may be long. */
function inOrder(roots: readonly StorePath[], located: ReadonlyMap<string, Located>): readonly Located[] {
  const order: Located[] = [];
  const state = new Map<string, "open" | "done">();
  const stack: Visit[] = [{ one: undefined, ahead: roots.values() }];
  for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
    const { value: path } = visit.ahead.next();
    if (path === undefined) {
      stack.pop();
      if (visit.one === undefined) break;
      state.set(visit.one.narinfo.path.base, "done");
      order.push(visit.one);
      continue;
    }
    const seen = state.get(path.base);
    if (seen === "open" && visit.one !== undefined) throw ring(path, visit.one.narinfo.path);
    const one = seen === undefined ? located.get(path.base) : undefined;
    if (one === undefined) continue;
    state.set(path.base, "open");
    stack.push({ one, ahead: needs(one).values() });
  }
  return order;
}

interface Visit {
  /** Undefined for what was asked for. */
  readonly one: Located | undefined;
  /** What is still to be visited of its needs. */
  readonly ahead: Iterator<StorePath, undefined>;
}

function countDependents(order: readonly Located[]): ReadonlyMap<string, number> {
  const count = new Map<string, number>();
  for (const one of order) for (const { base } of needs(one)) count.set(base, (count.get(base) ?? 0) + 1);
  return count;
}

function ring(path: StorePath, by: StorePath): DistroError {
  return new DistroError("INDEX_INVALID", `${path.name} and ${by.name} need each other`, {
    advice: "Nix can make no such paths: do not use the cache.",
    fields: { path: storePathOf(path.base), other: storePathOf(by.base) },
  });
}
