import { compareVersions } from "../version.ts";
import { constrain, dependsChanged, disqualify, triggersChanged } from "./propagate.ts";
import type { NameState, Search } from "./search.ts";
import { type Name, type Package, type Provider, providerOf } from "./universe.ts";

/** Decides who has a name, if anybody, and what follows from it. */
export function decide(search: Search, state: NameState): void {
  const chosen = chooseProvider(search, state);
  if (chosen === undefined) {
    assign(search, state.name, undefined);
    if (state.requirers > 0) search.errors++;
    return;
  }
  const owner = chosen.package;
  const found = search.package(owner);
  if (!found.isSelectable || !found.isAllowed) search.markBroken(owner);
  assign(search, owner.name, providerOf(owner));
  for (const link of owner.provides) assign(search, link.name, providerOf(owner, link));
  for (const link of owner.depends) constrain(search, owner, link);
}

function chooseProvider(search: Search, state: NameState): Provider | undefined {
  let chosen: Provider | undefined;
  if (state.requirers === 0 && !state.isTriggered) return undefined;
  for (const provider of state.name.providers) {
    const found = search.package(provider.package);
    if (state.requirers === 0 && !(found.isTriggered && found.isAllowed)) continue;
    if (!isTakenByItself(search, state.name, provider)) continue;
    if (chosen === undefined || isBetter(search, provider, chosen)) chosen = provider;
  }
  return chosen;
}

/**
 * A name that is provided without a version is a choice that apk leaves to the user, unless there
 * is one provider only, one is asked for by its own name, or it says how it ranks.
 */
function isTakenByItself(search: Search, name: Name, provider: Provider): boolean {
  const { index, name: own } = provider.package;
  if (provider.version !== undefined || search.name(own).requirers > 0) return true;
  return index.providerPriority !== 0 || name.providers.length === 1;
}

/** Whether `a` is the better provider; of two that are as good the one before stays. */
function isBetter(search: Search, a: Provider, b: Provider): boolean {
  const ours = search.package(a.package);
  const theirs = search.package(b.package);
  if (ours.isSelectable !== theirs.isSelectable) return ours.isSelectable;
  if (ours.wasCandidate !== theirs.wasCandidate) return ours.wasCandidate;
  if (ours.conflicts !== theirs.conflicts) return ours.conflicts < theirs.conflicts;
  if (ours.isAllowed !== theirs.isAllowed) return ours.isAllowed;
  if (ours.isPreferred !== theirs.isPreferred) return ours.isPreferred;
  const isKept = search.isKept(a.package);
  if (isKept !== search.isKept(b.package)) return isKept;
  const byName = order(a.version, b.version);
  if (byName !== 0) return byName > 0;
  if (a.package.name === b.package.name) {
    const byVersion = order(a.package.index.version, b.package.index.version);
    if (byVersion !== 0) return byVersion > 0;
  }
  const priority = a.package.index.providerPriority - b.package.index.providerPriority;
  if (priority !== 0) return priority > 0;
  return firstRepository(a.package) < firstRepository(b.package);
}

function order(a: string | undefined, b: string | undefined): number {
  return a === undefined || b === undefined ? 0 : compareVersions(a, b);
}

function firstRepository(owner: Package): number {
  return owner.repositories & -owner.repositories;
}

function assign(search: Search, name: Name, provider: Provider | undefined): void {
  const state = search.name(name);
  if (state.isLocked) {
    // Any number of packages may provide a name without a version.
    if (provider?.version === undefined && state.chosen?.version === undefined) return;
    search.markBroken(provider?.package);
    search.markBroken(state.chosen?.package);
    return;
  }
  search.lock(state, provider);
  for (const other of name.providers) {
    if (other.package === provider?.package) continue;
    if (provider?.version === undefined && other.version === undefined) continue;
    disqualify(search, other.package);
  }
  dependsChanged(search, name);
  triggersChanged(search, name);
}
