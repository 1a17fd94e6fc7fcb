import { rankProviders } from "./preference.ts";
import { isCritical, type Search, type State } from "./search.ts";
import type { Need, Version } from "./universe.ts";

/** How a package comes to be marked. */
export interface MarkOptions {
  /** Whether what it needs is marked with it. */
  readonly needs: "followed" | "left";
  /** The request's own packages may change what is decided already. */
  readonly by: "request" | "need";
}

/**
 * Marks a package's candidate for installation, and with it what it needs, as `apt-get install`
 * does: whatever stands against it is dropped if it may be, each need takes the first of its ways
 * that can be marked, and what fails is taken back. Whether it worked.
 */
export function mark(search: Search, state: State, { needs, by }: MarkOptions): boolean {
  if (by === "need" && !state.isMarked && state.isProtected) return false;
  if (state.candidate === undefined) return false;
  if (!state.isProtected && state.isMarked && !search.isWanting(state)) return true;
  if (needs === "followed" && !isInstallable(search, state)) return false;
  if (by === "request") choose(state, by);
  const mayFail = !state.isProtected && by === "need";
  let isDone = true;
  let wanted: readonly Need[] = [];
  const candidate = state.candidate;
  if (needs === "followed") {
    const open = search.universe.needsOf(candidate).filter((need) => {
      if (!state.isProtected && search.isFulfilled(candidate, need)) return false;
      return search.isImportant(need);
    });
    wanted = open.filter(({ isNegative }) => !isNegative);
    const rivals = open.filter(({ isNegative }) => isNegative);
    if (!dropRivals(search, state, candidate, rivals, by)) {
      if (mayFail) return false;
      isDone = false;
    }
  }
  if (by === "need") choose(state, by);
  if (needs === "left") return isDone;
  // While its needs are looked after nothing may drop it.
  const wasProtected = state.isProtected;
  state.isProtected = true;
  const isServed = markNeeds(search, candidate, wanted, { by, isFirm: wasProtected });
  state.isProtected = wasProtected;
  if (isServed) return isDone;
  if (mayFail) discard(state);
  return false;
}

/** Takes a mark back; where it is protected, it stays. Whether it is gone. */
export function unmark(state: State): boolean {
  if (!state.isMarked) return true;
  if (state.isProtected) return false;
  state.isMarked = false;
  state.chosen = undefined;
  return true;
}

function choose(state: State, by: MarkOptions["by"]): void {
  if (state.isProtected && state.chosen === state.candidate) return;
  state.isMarked = true;
  state.chosen = state.candidate;
  state.isAutomatic = by === "need";
}

/** It cannot be installed: it is never tried again. */
function discard(state: State): void {
  state.isMarked = false;
  state.chosen = undefined;
  state.candidate = undefined;
}

/** Whether each need has at least one way; a package without is no candidate any more. */
function isInstallable(search: Search, state: State): boolean {
  const { candidate } = state;
  if (candidate === undefined) return true;
  const isPossible = search.universe
    .needsOf(candidate)
    .every(
      (need) =>
        need.isNegative ||
        !isCritical(need.kind) ||
        search.isFulfilled(candidate, need, "chosen") ||
        search.isFulfilled(candidate, need, "candidate"),
    );
  if (!isPossible && !state.isProtected) discard(state);
  return isPossible;
}

/** What stands against `candidate` and was marked goes; where `state` is firm, for good. */
function dropRivals(
  search: Search,
  state: State,
  candidate: Version,
  rivals: readonly Need[],
  by: MarkOptions["by"],
): boolean {
  let isDone = true;
  const goesOn = state.isProtected || by === "request";
  for (const need of rivals) {
    for (const version of waysOf(search, candidate, need)) {
      const rival = search.state(version.name);
      if (rival.candidate !== version) continue;
      if (rival.isMarked && !unmark(rival)) {
        isDone = false;
        if (!goesOn) return false;
      } else if (state.isProtected) {
        rival.candidate = rival.chosen;
        rival.isProtected = true;
      }
    }
  }
  return isDone;
}

interface MarkNeedsOptions {
  readonly by: MarkOptions["by"];
  /** The package will stay whatever happens, and so will what it cannot do without. */
  readonly isFirm: boolean;
}

function markNeeds(
  search: Search,
  owner: Version,
  needs: readonly Need[],
  { by, isFirm }: MarkNeedsOptions,
): boolean {
  const next: MarkOptions = { needs: "followed", by: "need" };
  let isDone = true;
  for (const need of needs) {
    const critical = isCritical(need.kind);
    if (search.isFulfilled(owner, need)) {
      if (!isFirm || !critical) continue;
      // There is one way only: it is as firm as what needs it.
      const ways = new Set(need.options.flatMap((link) => search.candidates(owner, need, link)));
      const [only] = [...ways].filter((version) => !isBanned(search.state(version.name)));
      if (ways.size !== 1 || only === undefined || search.state(only.name).isProtected) continue;
      search.state(only.name).isProtected = true;
      if (!mark(search, search.state(only.name), next)) isDone = false;
      continue;
    }
    if (markWay(search, owner, need, next, isFirm && critical) || !critical) continue;
    isDone = false;
    if (!isFirm && by === "need") return false;
  }
  return isDone;
}

/** The first way to fulfil a need that can be marked. */
function markWay(search: Search, owner: Version, need: Need, next: MarkOptions, isFirm: boolean): boolean {
  const ways = waysOf(search, owner, need);
  for (const version of ways) {
    const state = search.state(version.name);
    if (state.candidate !== version) continue;
    if (isFirm && ways.length === 1) {
      if (!mark(search, state, { ...next, needs: "left" })) continue;
      state.isProtected = true;
    }
    if (mark(search, state, next)) return true;
  }
  return false;
}

/** Candidates for a need in the order in which they are tried: alternative by alternative, the best provider first. */
function waysOf(search: Search, owner: Version, need: Need): readonly Version[] {
  const ways = need.options.flatMap((link) =>
    rankProviders(search, link, search.candidates(owner, need, link)),
  );
  const distinct = ways.filter((version, at) => version !== ways[at - 1]);
  return need.isNegative ? distinct : distinct.filter(({ name }) => !isBanned(search.state(name)));
}

/** It is settled that it will not be there. */
function isBanned({ isProtected, isMarked }: State): boolean {
  return isProtected && !isMarked;
}
