import { acceptsVersion } from "../control/dependency.ts";
import { compareVersions } from "../version/version.ts";
import type { Search, State } from "./search.ts";
import type { Link, Version } from "./universe.ts";

/**
 * Takes back what came by a dependency and is not needed any more, because the search went another
 * way afterwards; what is recommended or suggested by something that stays, stays.
 */
export function sweep(search: Search): void {
  const reached = reachedFrom(search);
  const swept = search.chosen().filter(({ name }) => !reached.has(name));
  for (const { name } of swept) {
    const state = search.state(name);
    state.isMarked = false;
    state.chosen = undefined;
  }
  restore(
    search,
    swept.map(({ name, chosen }) => [search.state(name), chosen]),
  );
}

/** What was swept but is needed after all comes back: one version of a source may have hidden another. */
function restore(search: Search, swept: readonly (readonly [State, Version])[]): void {
  for (let left = swept; search.chosen().some((state) => search.isWanting(state));) {
    const found = left.find(([state]) => isNeeded(search, state));
    if (found === undefined) return;
    const [state, version] = found;
    state.isMarked = true;
    state.chosen = version;
    left = left.filter((each) => each !== found);
  }
}

function isNeeded(search: Search, { name }: State): boolean {
  return search
    .chosen()
    .some(({ chosen }) =>
      search.universe
        .needsOf(chosen)
        .some(
          (need) =>
            !need.isNegative && search.isImportant(need) && need.options.some((link) => link.name === name),
        ),
    );
}

function reachedFrom(search: Search): ReadonlySet<State["name"]> {
  const reached = new Set<State["name"]>();
  const explored = new Set<State["name"]>();
  const waiting: Version[] = search
    .chosen()
    .filter(({ name, isAutomatic }) => !isAutomatic || name.isEssential || name.isProtected)
    .map(({ chosen }) => chosen);
  for (let version = waiting.pop(); version !== undefined; version = waiting.pop()) {
    if (reached.has(version.name)) continue;
    reached.add(version.name);
    for (const { isNegative, options } of search.universe.needsOf(version)) {
      if (isNegative) continue;
      for (const link of options) {
        if (explored.has(link.name)) continue;
        const { fitting, isWhole } = chosenFor(search, link);
        if (isWhole) explored.add(link.name);
        waiting.push(...fitting);
      }
    }
  }
  return reached;
}

/** What is chosen and is what `link` asks for: of one source package's versions, those of the newest. */
function chosenFor(
  search: Search,
  { name, dependency }: Link,
): { readonly fitting: readonly Version[]; readonly isWhole: boolean } {
  const offers = [
    ...[search.state(name).chosen].flatMap((own) =>
      own === undefined ? [] : [{ version: own, offered: own.package.version }],
    ),
    ...search.universe
      .providersOf(name)
      .filter(({ version }) => search.state(version.name).chosen === version),
  ];
  const fitting = offers.filter(({ offered }) => acceptsVersion(dependency, offered));
  const newest = new Map<string, string>();
  for (const { version } of fitting) {
    const { source, sourceVersion } = version.package;
    const known = newest.get(source);
    if (known === undefined || compareVersions(known, sourceVersion) < 0) newest.set(source, sourceVersion);
  }
  return {
    fitting: fitting
      .map(({ version }) => version)
      .filter(({ package: owner }) => newest.get(owner.source) === owner.sourceVersion),
    isWhole: fitting.length === offers.length,
  };
}
