import type { Dependency } from "../dependency.ts";
import { makeName, type Name, type Package, type Provider, type Universe } from "./universe.ts";

/** What a search knows of a name so far. */
export interface NameState {
  readonly name: Name;
  isSeen: boolean;
  /** Decided: `chosen` has it, or nothing does. */
  isLocked: boolean;
  chosen: Provider | undefined;
  /** How often something that will be there asks for it. */
  requirers: number;
  /** The longest way down from it, as far as it was known when it was discovered. */
  depth: number;
  isDirty: boolean;
  isUnresolved: boolean;
  /** Look again whether its packages' dependencies can be met. */
  dependsChanged: boolean;
  /** Look again whether its packages' install_if is met. */
  triggersChanged: boolean;
  /** One of its packages comes by install_if. */
  isTriggered: boolean;
  /** None of its packages can come by install_if any more. */
  isUntriggerable: boolean;
  hasOptions: boolean;
  /** All names that could still ask for it are decided. */
  isSettled: boolean;
  /** How many options of the name at hand, counted from the first, all need it; all provide it. */
  sharedNeeds: number;
  sharedProvides: number;
  isSharedVirtually: boolean;
  isInOrder: boolean;
}

/** What a search knows of a package so far. */
export interface PackageState {
  isSeen: boolean;
  isSelectable: boolean;
  /** Constraints that it does not meet. */
  conflicts: number;
  depth: number;
  /** Bits of the repositories it may come from. */
  allowed: number;
  isAllowed: boolean;
  isPreferred: boolean;
  isTriggered: boolean;
  isUntriggerable: boolean;
  isCandidate: boolean;
  wasCandidate: boolean;
  isBroken: boolean;
  isInOrder: boolean;
}

/** A dependency of the request itself, its name looked up. */
export interface Wish {
  readonly dependency: Dependency;
  readonly name: Name;
}

/** Everything that one request changes; the universe stays as it is. */
export class Search {
  readonly universe: Universe;
  readonly wishes: readonly Wish[];
  errors = 0;
  readonly #names = new Map<Name, NameState>();
  readonly #packages = new Map<Package, PackageState>();
  readonly #dirty: NameState[] = [];
  #firstDirty = 0;
  /** The last one added is looked at first. */
  readonly #unresolved: NameState[] = [];

  readonly #keep: ReadonlyMap<string, string>;

  constructor(
    universe: Universe,
    request: readonly Dependency[],
    keep: ReadonlyMap<string, string> = new Map<string, string>(),
  ) {
    this.universe = universe;
    this.#keep = keep;
    const unknown = new Map<string, Name>();
    const wishes = new Map<Name, Wish>();
    for (const dependency of request) {
      let name = universe.names.get(dependency.name) ?? unknown.get(dependency.name);
      if (name === undefined) {
        name = makeName(dependency.name, universe.names.size + unknown.size);
        unknown.set(dependency.name, name);
      }
      wishes.set(name, { dependency, name }); // the last wish for a name stands
    }
    this.wishes = [...wishes.values()].toSorted((a, b) => compareBytes(a.name.text, b.name.text));
  }

  /** A name that was discovered: most of a distribution's never are. */
  seen(name: Name): NameState | undefined {
    const state = this.#names.get(name);
    return state?.isSeen === true ? state : undefined;
  }

  name(name: Name): NameState {
    let state = this.#names.get(name);
    if (state !== undefined) return state;
    state = {
      name,
      isSeen: false,
      isLocked: false,
      chosen: undefined,
      requirers: 0,
      depth: 0,
      isDirty: false,
      isUnresolved: false,
      dependsChanged: false,
      triggersChanged: false,
      isTriggered: false,
      isUntriggerable: false,
      hasOptions: false,
      isSettled: false,
      sharedNeeds: 0,
      sharedProvides: 0,
      isSharedVirtually: false,
      isInOrder: false,
    };
    this.#names.set(name, state);
    return state;
  }

  package(owner: Package): PackageState {
    let state = this.#packages.get(owner);
    if (state !== undefined) return state;
    state = {
      isSeen: false,
      isSelectable: false,
      conflicts: 0,
      depth: 0,
      allowed: this.universe.untagged,
      isAllowed: false,
      isPreferred: false,
      isTriggered: false,
      isUntriggerable: false,
      isCandidate: false,
      wasCandidate: false,
      isBroken: false,
      isInOrder: false,
    };
    this.#packages.set(owner, state);
    return state;
  }

  /** Whether it is what there was before, as if it were installed. */
  isKept({ index }: Package): boolean {
    return this.#keep.get(index.name) === index.version;
  }

  /** Bits of the repositories that a wish's tag opens. */
  repositoriesOf(tag: string | undefined): number {
    return tag === undefined ? this.universe.untagged : (this.universe.tagged.get(tag) ?? 0);
  }

  markBroken(owner: Package | undefined): void {
    if (owner === undefined) return;
    const state = this.package(owner);
    if (state.isBroken) return;
    state.isBroken = true;
    this.errors++;
  }

  queueDirty(state: NameState): void {
    if (state.isDirty || state.isLocked) return;
    if (state.requirers === 0 && !state.triggersChanged) return;
    state.isDirty = true;
    this.#dirty.push(state);
  }

  takeDirty(): NameState | undefined {
    while (this.#firstDirty < this.#dirty.length) {
      const state = this.#dirty[this.#firstDirty++];
      if (state?.isDirty !== true) continue; // decided meanwhile
      state.isDirty = false;
      return state;
    }
    this.#dirty.length = 0;
    this.#firstDirty = 0;
    return undefined;
  }

  queueUnresolved(state: NameState): void {
    if (state.isLocked) return;
    const isWanted = state.requirers > 0 || state.isTriggered;
    if (isWanted === state.isUnresolved) return;
    state.isUnresolved = isWanted;
    if (isWanted) this.#unresolved.push(state);
    else this.#dropUnresolved(state);
  }

  /** The name to decide next. */
  nextUnresolved(): NameState | undefined {
    let best: NameState | undefined;
    for (let at = this.#unresolved.length - 1; at >= 0; at--) {
      const state = this.#unresolved[at];
      if (state === undefined) continue;
      if (state.isSettled && state.requirers > 0 && !state.hasOptions) return state;
      if (best === undefined || isMoreUrgent(state, best)) best = state;
    }
    return best;
  }

  lock(state: NameState, chosen: Provider | undefined): void {
    state.isLocked = true;
    state.chosen = chosen;
    state.isDirty = false;
    if (state.isUnresolved) this.#dropUnresolved(state);
    state.isUnresolved = false;
  }

  #dropUnresolved(state: NameState): void {
    this.#unresolved.splice(this.#unresolved.lastIndexOf(state), 1);
  }
}

function isMoreUrgent(a: NameState, b: NameState): boolean {
  if (a.requirers > 0 !== b.requirers > 0) return a.requirers > 0;
  if (a.name.virtuality !== b.name.virtuality) return a.name.virtuality < b.name.virtuality;
  return a.depth > b.depth;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
