import { acceptsVersion } from "../control/dependency.ts";
import { priorityOf } from "./preference.ts";
import type { Search } from "./search.ts";
import type { Link, Name, NeedKind } from "./universe.ts";

/** By priority: none, required, important, standard, optional, extra. */
const PRIORITY_SCORES = [0, 3, 2, 1, -1, -2];
const NEED_SCORES: Readonly<Record<NeedKind, number>> = {
  preDepends: 1,
  depends: 1,
  recommends: 1,
  suggests: 0,
  conflicts: -1,
  breaks: -1,
};
const ESSENTIAL = 100;
const ASKED_FOR = 10_000;
const ABOVE_ALL = 5000;

/**
 * How much would be lost with each package that is marked: by its own priority, by how many of the
 * others need it, and by how much would be lost with those. apt's problem resolver gives way to the
 * higher score.
 */
export function scoresOf(search: Search, asked: ReadonlySet<Name>): Map<Name, number> {
  const scores = new Map<Name, number>();
  const add = (name: Name, score: number): void => {
    scores.set(name, (scores.get(name) ?? 0) + score);
  };
  const marked = search.chosen();
  for (const { name, chosen } of marked) {
    if (name.isEssential || name.isProtected) add(name, ESSENTIAL);
    add(name, PRIORITY_SCORES[priorityOf(chosen)] ?? 0);
    for (const { kind, isNegative, options } of search.universe.needsOf(chosen)) {
      const score = NEED_SCORES[kind];
      if (score === 0) continue;
      for (const link of options) {
        const isOwn = isNegative && link.name === name;
        if (!isOwn) addToTarget(search, link, score, add);
        for (const provider of chosenProviders(search, link)) {
          if (!(isNegative && provider === name)) add(provider, score);
        }
      }
    }
  }
  inherit(search, scores);
  for (const name of asked) add(name, ASKED_FOR);
  for (const { name } of marked) if (name.isEssential || name.isProtected) add(name, ABOVE_ALL);
  return scores;
}

function addToTarget(
  search: Search,
  { name, dependency }: Link,
  score: number,
  add: (name: Name, score: number) => void,
): void {
  const { chosen } = search.state(name);
  const isVersioned = dependency.relation !== undefined;
  if (isVersioned && (chosen === undefined || !acceptsVersion(dependency, chosen.package.version))) return;
  add(name, score);
}

function chosenProviders(search: Search, { name, dependency }: Link): ReadonlySet<Name> {
  return new Set(
    search.universe
      .providersOf(name)
      .filter(
        ({ version, offered }) =>
          search.state(version.name).chosen === version && acceptsVersion(dependency, offered),
      )
      .map(({ version }) => version.name),
  );
}

/** One step: what a package is worth, what it needs is worth as well, and who provides that. */
function inherit(search: Search, scores: Map<Name, number>): void {
  const before = new Map(scores);
  const gained = new Map<Name, number>();
  for (const { name, chosen } of search.chosen()) {
    const own = before.get(name) ?? 0;
    if (own <= 0) continue;
    for (const { kind, options } of search.universe.needsOf(chosen)) {
      if (kind !== "depends" && kind !== "preDepends" && kind !== "recommends") continue;
      for (const link of options) {
        if (search.state(link.name).chosen === undefined) continue;
        gained.set(link.name, (gained.get(link.name) ?? 0) + own);
      }
    }
  }
  for (const [name, score] of gained) scores.set(name, (scores.get(name) ?? 0) + score);
  for (const [name, score] of gained) {
    const providers = new Set(
      search.universe
        .providersOf(name)
        .filter(({ version }) => search.state(version.name).chosen === version)
        .map(({ version }) => version.name),
    );
    for (const provider of providers) scores.set(provider, (scores.get(provider) ?? 0) + score);
  }
}
