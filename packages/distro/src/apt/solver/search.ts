import { acceptsVersion } from "../control/dependency.ts";
import type { Link, Name, Need, Universe, Version } from "./universe.ts";

/** What a search has decided of a package so far. */
export interface State {
  readonly name: Name;
  /** The version that would be installed; undefined where none can be. */
  candidate: Version | undefined;
  /** The version that will be there. */
  chosen: Version | undefined;
  isMarked: boolean;
  /** Nothing but the request itself may change it any more. */
  isProtected: boolean;
  /** It came by a dependency. */
  isAutomatic: boolean;
}

export interface SearchOptions {
  /** Recommends are followed, too. */
  readonly recommends: "followed" | "ignored";
  readonly candidateOf: (name: Name) => Version | undefined;
}

type Pick = "chosen" | "candidate";

/** All that changes while one request is worked on. The root is empty: nothing is installed before. */
export class Search {
  readonly universe: Universe;
  readonly options: SearchOptions;
  readonly #states = new Map<Name, State>();

  constructor(universe: Universe, options: SearchOptions) {
    this.universe = universe;
    this.options = options;
  }

  state(name: Name): State {
    let state = this.#states.get(name);
    if (state === undefined) {
      state = {
        name,
        candidate: this.options.candidateOf(name),
        chosen: undefined,
        isMarked: false,
        isProtected: false,
        isAutomatic: false,
      };
      this.#states.set(name, state);
    }
    return state;
  }

  /** What will be there, in the order in which the indexes mention it. */
  chosen(): readonly (State & { readonly chosen: Version })[] {
    return [...this.#states.values()].filter(isChosen).toSorted((a, b) => a.name.rank - b.name.rank);
  }

  /** Whether something that is chosen, or could be, is what `link` speaks of. */
  hits(owner: Version, { isNegative }: Need, { dependency, name }: Link, pick: Pick): boolean {
    // A package never stands against itself.
    const own = this.state(name)[pick];
    if (!(isNegative && name === owner.name) && own !== undefined) {
      if (acceptsVersion(dependency, own.package.version)) return true;
    }
    return this.universe.providersOf(name).some(({ version, offered }) => {
      if (isNegative && version.name === owner.name) return false;
      return this.state(version.name)[pick] === version && acceptsVersion(dependency, offered);
    });
  }

  isFulfilled(owner: Version, need: Need, pick: Pick = "chosen"): boolean {
    return need.options.some((link) => this.hits(owner, need, link, pick)) !== need.isNegative;
  }

  /** Versions that could be installed and are what `link` speaks of. */
  candidates(owner: Version, need: Need, link: Link): readonly Version[] {
    const found: Version[] = [];
    const own = this.state(link.name).candidate;
    if (own !== undefined && !(need.isNegative && link.name === owner.name)) {
      if (acceptsVersion(link.dependency, own.package.version)) found.push(own);
    }
    for (const { version, offered } of this.universe.providersOf(link.name)) {
      if (need.isNegative && version.name === owner.name) continue;
      if (this.state(version.name).candidate !== version || found.includes(version)) continue;
      if (acceptsVersion(link.dependency, offered)) found.push(version);
    }
    return found;
  }

  /** Needs that decide whether something is installed: without `isCritical` ones it is broken. */
  isImportant({ kind }: Need): boolean {
    return isCritical(kind) || (kind === "recommends" && this.options.recommends === "followed");
  }

  isBroken({ chosen }: State): boolean {
    return (
      chosen !== undefined &&
      this.universe.needsOf(chosen).some((need) => isCritical(need.kind) && !this.isFulfilled(chosen, need))
    );
  }

  /** Also where a recommendation that is to be followed is not. */
  isWanting({ chosen }: State): boolean {
    return (
      chosen !== undefined &&
      this.universe.needsOf(chosen).some((need) => this.isImportant(need) && !this.isFulfilled(chosen, need))
    );
  }
}

export function isCritical(kind: Need["kind"]): boolean {
  return kind !== "recommends" && kind !== "suggests";
}

function isChosen(state: State): state is State & { readonly chosen: Version } {
  return state.chosen !== undefined;
}
