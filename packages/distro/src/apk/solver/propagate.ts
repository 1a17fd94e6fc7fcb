import { isFulfilled } from "../dependency.ts";
import type { NameState, Search } from "./search.ts";
import type { Link, Name, Package } from "./universe.ts";

/**
 * Down and up through the dependencies: what follows from what is decided, before anything more is.
 * The order of every step here is apk-tools' own (2.12, src/solver.c), for the order decides.
 */

/** Makes a name, and all that it can bring, known to the search. */
export function discover(search: Search, name: Name): void {
  const state = search.name(name);
  if (state.isSeen) return;
  state.isSeen = true;
  state.isUntriggerable = true;
  for (const { package: owner } of name.providers) {
    const found = search.package(owner);
    if (!found.isSeen) {
      found.isSeen = true;
      found.isSelectable = owner.index.unreadable === undefined;
      found.isUntriggerable = owner.installIf.length === 0;
      // A package without content, made up for its dependencies alone, may come from anywhere.
      found.isPreferred =
        owner.index.installedSize === 0 || (owner.repositories & search.universe.untagged) !== 0;
      found.isAllowed = found.isPreferred;
      for (const { name: needed } of owner.depends) {
        discover(search, needed);
        found.depth = Math.max(found.depth, search.name(needed).depth + 1);
      }
    }
    state.isUntriggerable &&= found.isUntriggerable;
    state.depth = Math.max(state.depth, found.depth);
  }
  for (const triggered of name.triggers) discover(search, triggered);
}

/** What `needer` needs, or what is wished for, holds from now on. */
export function constrain(search: Search, needer: Package | undefined, { dependency, name }: Link): void {
  const state = search.name(name);
  if (!dependency.isConflict) {
    state.requirers++;
    if (state.requirers === 1) requirersChanged(search, state);
  }
  for (const provider of name.providers) {
    const found = search.package(provider.package);
    const fits = isFulfilled(dependency, provider);
    if (!fits) found.conflicts++;
    if (found.isSelectable && found.conflicts > 0) disqualify(search, provider.package);
    if (fits) inherit(search, provider.package, needer, dependency.tag);
  }
}

export function disqualify(search: Search, owner: Package): void {
  search.package(owner).isSelectable = false;
  dependsChanged(search, owner.name);
  for (const { name } of owner.provides) dependsChanged(search, name);
  triggersChanged(search, owner.name);
}

/** Whoever depends on a name looks at its dependencies again. */
export function dependsChanged(search: Search, name: Name): void {
  for (const needer of name.neededBy) {
    const state = search.seen(needer);
    if (state === undefined) continue;
    state.dependsChanged = true;
    search.queueDirty(state);
  }
}

/** Whoever has a name in its install_if looks at it again. */
export function triggersChanged(search: Search, name: Name): void {
  for (const triggered of name.triggers) {
    const state = search.seen(triggered);
    if (state === undefined || state.isUntriggerable) continue;
    state.triggersChanged = true;
    search.queueDirty(state);
  }
}

/** Looks at a name again, after something it hangs together with has changed. */
export function reconsider(search: Search, state: NameState): void {
  const first = findOptions(search, state);
  if (first !== undefined) {
    for (const { package: owner } of state.name.providers) {
      const found = search.package(owner);
      found.wasCandidate = found.isCandidate;
    }
    shareNeeds(search, first.option, first.count);
    shareProvides(search, state.name, first.option, first.count);
  }
  state.isSettled = state.name.neededBy.every((needer) => search.seen(needer)?.isLocked !== false);
}

interface Options {
  readonly option: Package;
  readonly count: number;
}

/** Which packages can still have the name, and what all of them have in common. */
function findOptions(search: Search, state: NameState): Options | undefined {
  const { name, dependsChanged: lookAtDepends, triggersChanged: lookAtTriggers } = state;
  state.dependsChanged = false;
  state.triggersChanged = false;
  let option: Package | undefined;
  let count = 0;
  let hasDisallowed = false;
  let isTriggered = false;
  let isUntriggerable = true;
  for (const provider of name.providers) {
    const owner = provider.package;
    const found = search.package(owner);
    found.isCandidate = false;
    if (lookAtDepends && found.isSelectable && !owner.depends.every((link) => isPossible(search, link))) {
      disqualify(search, owner);
    }
    if (!found.isSelectable) continue;
    if (lookAtTriggers) lookAtInstallIf(search, owner);
    isTriggered ||= found.isTriggered;
    isUntriggerable &&= found.isUntriggerable;
    if (state.requirers === 0) continue;
    found.isCandidate = true;
    option ??= owner;
    countShared(search, owner, provider.version, count);
    hasDisallowed ||= !found.isAllowed;
    count++;
  }
  state.hasOptions = count > 1 || hasDisallowed;
  state.isTriggered = isTriggered;
  state.isUntriggerable = isUntriggerable;
  search.queueUnresolved(state);
  return option === undefined ? undefined : { option, count };
}

function isPossible(search: Search, { dependency, name }: Link): boolean {
  const state = search.name(name);
  if (state.isLocked) return isFulfilled(dependency, state.chosen);
  if (state.requirers === 0 && isFulfilled(dependency, undefined)) return true;
  return name.providers.some(
    (provider) => search.package(provider.package).isSelectable && isFulfilled(dependency, provider),
  );
}

function lookAtInstallIf(search: Search, owner: Package): void {
  const found = search.package(owner);
  if (!found.isTriggered && !found.isUntriggerable) {
    const open = owner.installIf.find(({ dependency, name }) => {
      const state = search.name(name);
      return !state.isLocked || !isFulfilled(dependency, state.chosen);
    });
    found.isTriggered = open === undefined;
    found.isUntriggerable = open !== undefined && search.name(open.name).isLocked;
  }
  if (!found.isTriggered) return;
  for (const { name } of owner.installIf) {
    const cause = search.name(name).chosen;
    if (cause !== undefined) inherit(search, owner, cause.package, undefined);
    else search.package(owner).isPreferred = false;
  }
}

/** Counts what the options so far, this one included, all need and all provide. */
function countShared(search: Search, owner: Package, version: string | undefined, count: number): void {
  for (const { dependency, name } of owner.depends) {
    const needed = search.name(name);
    if (!dependency.isConflict && needed.sharedNeeds === count) needed.sharedNeeds = count + 1;
  }
  const provide = (name: Name, as: string | undefined): void => {
    const provided = search.name(name);
    if (provided.sharedProvides !== count) return;
    provided.sharedProvides = count + 1;
    provided.isSharedVirtually ||= as === undefined;
  };
  provide(owner.name, version);
  for (const { dependency, name } of owner.provides) provide(name, dependency.version);
}

/** What all options need is needed, whichever of them it will be. */
function shareNeeds(search: Search, option: Package, count: number): void {
  for (const link of option.depends) {
    const needed = search.name(link.name);
    const isShared = needed.sharedNeeds === count;
    needed.sharedNeeds = 0;
    if (!isShared) continue;
    if (count === 1) {
      constrain(search, option, link);
    } else if (needed.requirers === 0) {
      needed.requirers++;
      requirersChanged(search, needed);
      for (const provider of link.name.providers) inherit(search, provider.package, option, undefined);
    }
  }
}

/** What all options provide will be taken by one of them: nothing else that provides it can be. */
function shareProvides(search: Search, name: Name, option: Package, count: number): void {
  const provided = [option.name, ...option.provides.map((link) => link.name)];
  for (const other of provided) {
    const state = search.name(other);
    const isShared = state.sharedProvides === count;
    state.sharedProvides = 0;
    if (isShared && other !== name) excludeOthers(search, other, name, state.isSharedVirtually);
  }
  for (const other of provided) search.name(other).isSharedVirtually = false;
}

function excludeOthers(search: Search, name: Name, mustProvide: Name, exceptVirtual: boolean): void {
  for (const { package: owner, version } of name.providers) {
    if (owner.name === mustProvide || !search.package(owner).isSelectable) continue;
    if (exceptVirtual && version === undefined) continue;
    const provides = owner.provides.some(
      (link) => link.name === mustProvide || (exceptVirtual && link.dependency.version === undefined),
    );
    if (!provides) disqualify(search, owner);
  }
}

function requirersChanged(search: Search, state: NameState): void {
  search.queueUnresolved(state);
  triggersChanged(search, state.name);
  search.queueDirty(state);
}

/** A package may come from where that which needs it may, or from where the request says. */
function inherit(search: Search, owner: Package, needer: Package | undefined, tag: string | undefined): void {
  const found = search.package(owner);
  if (needer === undefined) {
    const wished = search.repositoriesOf(tag);
    found.allowed |= wished;
    found.isPreferred = (owner.repositories & wished) !== 0;
  } else {
    found.allowed |= search.package(needer).allowed;
  }
  found.isAllowed ||= (owner.repositories & found.allowed) !== 0;
}
