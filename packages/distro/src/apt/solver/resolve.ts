import { mark, unmark } from "./mark.ts";
import { scoresOf } from "./scores.ts";
import { isCritical, type Search, type State } from "./search.ts";
import type { Name, Need, Version } from "./universe.ts";

/** Rounds before it is given up. */
const MAX_ROUNDS = 20;

/**
 * Mends what marking left broken, as apt's problem resolver does: from the highest score to the
 * lowest, a package whose needs are not met either lets go of what stands against it or goes
 * itself. Whether nothing is broken in the end.
 */
export function resolve(search: Search, asked: ReadonlySet<Name>): boolean {
  if (!search.chosen().some((state) => search.isBroken(state))) return true;
  return new Resolver(search, asked).run();
}

class Resolver {
  readonly #search: Search;
  readonly #asked: ReadonlySet<Name>;
  readonly #scores: Map<Name, number>;
  readonly #tried = new Set<Name>();
  #hasChanged = true;

  constructor(search: Search, asked: ReadonlySet<Name>) {
    this.#search = search;
    this.#asked = asked;
    this.#scores = scoresOf(search, asked);
  }

  run(): boolean {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (!this.#hasChanged) break;
      this.#hasChanged = false;
      const byScore = this.#search
        .chosen()
        .toSorted((a, b) => this.#score(b.name) - this.#score(a.name) || a.name.rank - b.name.rank);
      for (const { name } of byScore) {
        const state = this.#search.state(name);
        if (this.#search.isBroken(state)) this.#mend(state, round);
      }
    }
    return !this.#search.chosen().some((state) => this.#search.isBroken(state));
  }

  #score(name: Name): number {
    return this.#scores.get(name) ?? 0;
  }

  #mend(state: State, round: number): void {
    const { chosen } = state;
    if (chosen === undefined) return;
    const rivals: State[] = [];
    for (const need of this.#search.universe.needsOf(chosen)) {
      if (!isCritical(need.kind) || this.#search.isFulfilled(chosen, need)) continue;
      if (this.#mendNeed(state, chosen, need, rivals) === "given-up") break;
    }
    if (state.chosen === undefined) return;
    for (const rival of rivals) {
      const isGone = unmark(rival);
      if (isGone) this.#hasChanged = true;
      const [ours, theirs] = [this.#score(state.name), this.#score(rival.name)];
      if ((!isGone || round > 1) && ours > theirs) {
        this.#scores.set(rival.name, ours);
        this.#hasChanged = true;
      }
    }
  }

  /** Looks at each alternative; `given-up` where the package's other needs do not matter any more. */
  #mendNeed(state: State, owner: Version, need: Need, rivals: State[]): "given-up" | "looked-at" {
    const isSingle = need.options.length === 1;
    const before = rivals.length;
    let isKept = false;
    for (const link of need.options) {
      if (this.#search.isFulfilled(owner, need)) return "looked-at";
      const targets = this.#search.universe
        .targetsOf(link)
        .filter(({ name }) => !(need.isNegative && name === owner.name));
      if (targets.length === 0 && !state.isProtected && !need.isNegative) {
        if (!isSingle) continue;
        this.#drop(state);
        return "given-up";
      }
      const outcome = this.#weigh(state, owner, need, targets, rivals);
      if (outcome === "looked-at") continue;
      if (isSingle) return "given-up";
      // Other alternatives may still do: until they have been looked at, it stays.
      isKept = true;
      mark(this.#search, state, { needs: "left", by: "need" });
    }
    if (!isSingle && before === rivals.length) {
      if (isKept || !state.isProtected) this.#drop(state);
    }
    return "looked-at";
  }

  #weigh(
    state: State,
    owner: Version,
    need: Need,
    targets: readonly Version[],
    rivals: State[],
  ): "dropped" | "looked-at" {
    for (const version of targets) {
      const other = this.#search.state(version.name);
      if (need.isNegative && other.chosen !== version) continue;
      if (!need.isNegative || this.#score(state.name) <= this.#score(other.name)) {
        if (state.isProtected) {
          if (!this.#reinstate(other)) continue;
          this.#scores.set(other.name, Math.min(this.#score(other.name), this.#score(state.name)));
          return "looked-at";
        }
        this.#drop(state);
        return "dropped";
      }
      if (need.kind === "breaks" && this.#search.isFulfilled(owner, need, "candidate")) {
        mark(this.#search, other, { needs: "left", by: "need" });
        continue;
      }
      if (!other.isProtected) rivals.push(other);
    }
    return "looked-at";
  }

  #drop(state: State): void {
    this.#hasChanged = true;
    unmark(state);
  }

  /** Marks a package that would help, and what it lacks; taken back where that does not work. */
  #reinstate(state: State): boolean {
    if (state.candidate === undefined || this.#tried.has(state.name) || this.#asked.has(state.name)) {
      return false;
    }
    this.#tried.add(state.name);
    if (!mark(this.#search, state, { needs: "left", by: "need" })) return false;
    const { chosen } = state;
    if (chosen === undefined) return false;
    for (const need of this.#search.universe.needsOf(chosen)) {
      if (!isCritical(need.kind) || this.#search.isFulfilled(chosen, need)) continue;
      if (need.isNegative) continue;
      const helps = need.options.some((link) => {
        const target = this.#search.state(link.name);
        return (
          !target.isProtected && this.#search.hits(chosen, need, link, "candidate") && this.#reinstate(target)
        );
      });
      if (helps) continue;
      unmark(state);
      return false;
    }
    return true;
  }
}
