import { acceptsVersion } from "../control/dependency.ts";
import { isVersionMeant } from "./policy.ts";
import { isCritical, type Search, type State } from "./search.ts";
import { namesLike } from "./similar.ts";
import type { Link, Name, Need, Version } from "./universe.ts";
import type { Wish } from "./wish.ts";

/**
 * The package that a wish means, its candidate set to the version that it asks for; or why there
 * is none, in words. A name that exactly one package provides means that package.
 */
export function selectVersion(search: Search, wish: Wish): State | string {
  const { universe } = search;
  const name = universe.name(wish.name, wish.qualifier);
  const { version: asked } = wish;
  const versions =
    asked === undefined
      ? [search.state(name).candidate].filter((version) => version !== undefined)
      : name.versions.filter((version) => isVersionMeant(universe, version, asked.kind, asked.pattern));
  const [version] = versions.length > 0 ? versions : providing(search, name, wish);
  if (version === undefined) return whyNot(search, name, wish);
  const state = search.state(version.name);
  state.candidate = version;
  // A pattern such as `1.2*` speaks of the release's other packages as little as a version does.
  if (asked?.kind === "release") followRelease(search, version, asked.pattern);
  return state;
}

/** The one package that provides a name; none where several do. */
function providing(search: Search, name: Name, { version: asked }: Wish): readonly Version[] {
  const fitting = search.universe
    .providersOf(name)
    .filter(({ version, offered }) => {
      if (asked === undefined) return search.state(version.name).candidate === version;
      if (asked.kind === "version") return offered === asked.pattern;
      return isVersionMeant(search.universe, version, asked.kind, asked.pattern);
    })
    .map(({ version }) => version);
  return new Set(fitting.map((version) => version.name)).size === 1 ? fitting : [];
}

function whyNot({ universe }: Search, name: Name, wish: Wish): string {
  const providers = [...new Set(universe.providersOf(name).map(({ version }) => version.name.text))];
  if (name.versions.length > 0) {
    const versions = name.versions.map(({ package: { version } }) => version).join(", ");
    if (wish.version === undefined)
      return `${wish.text} may not be installed: preferences forbid ${versions}`;
    return `there is no ${wish.text}; there is ${name.text} ${versions}`;
  }
  if (providers.length > 1) {
    return `${wish.text} is provided by ${providers.toSorted().join(", ")}: name the one that is meant`;
  }
  if (providers.length === 1) return `there is no ${wish.text}; ${providers.join("")} provides ${name.text}`;
  const similar = namesLike(universe, wish.name);
  return `there is no package ${wish.text}${similar.length === 0 ? "" : `; there is ${similar.join(", ")}`}`;
}

/**
 * `pkg/release`: where a need is met by nothing that would be installed otherwise, that release's
 * version becomes the candidate, and so on with what that one needs.
 */
function followRelease(search: Search, from: Version, release: string): boolean {
  const changed = new Map<State, Version | undefined>();
  return follow(search, from, release, changed);
}

function follow(
  search: Search,
  from: Version,
  release: string,
  changed: Map<State, Version | undefined>,
): boolean {
  for (const need of search.universe.needsOf(from)) {
    if (need.isNegative || !search.isImportant(need)) continue;
    if (need.options.some((link) => isServed(search, from, need, link))) continue;
    const before = new Map(changed);
    const isMet = need.options.some((link) => switchTo(search, link, release, changed));
    if (isMet || !isCritical(need.kind)) continue;
    for (const [state, candidate] of changed) if (!before.has(state)) state.candidate = candidate;
    return false;
  }
  return true;
}

/** Whether a candidate meets a need, and its own needs can be met. */
function isServed(search: Search, owner: Version, need: Need, link: Link): boolean {
  return search
    .candidates(owner, need, link)
    .some((version) =>
      search.universe
        .needsOf(version)
        .every(
          (each) =>
            each.isNegative || !isCritical(each.kind) || search.isFulfilled(version, each, "candidate"),
        ),
    );
}

function switchTo(
  search: Search,
  { name, dependency }: Link,
  release: string,
  changed: Map<State, Version | undefined>,
): boolean {
  if (dependency.relation === undefined) return false;
  const found = name.versions.find((version) => isVersionMeant(search.universe, version, "release", release));
  if (found === undefined || !acceptsVersion(dependency, found.package.version)) return false;
  const state = search.state(name);
  if (changed.has(state)) return state.candidate === found;
  const before = state.candidate;
  changed.set(state, before);
  state.candidate = found;
  if (follow(search, found, release, changed)) return true;
  state.candidate = before;
  changed.delete(state);
  return false;
}
