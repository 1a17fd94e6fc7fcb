import { acceptsVersion } from "../control/dependency.ts";
import { isVersionMeant } from "./policy.ts";
import { isCritical, type Search, type State } from "./search.ts";
import { namesLike } from "./similar.ts";
import type { Link, Name, Version } from "./universe.ts";
import type { Wish } from "./wish.ts";

/** What a wish comes to. */
export interface Selected {
  readonly state: State;
  readonly version: Version;
  /** `pkg/release`: what it needs may come from there, too. */
  readonly release: string | undefined;
}

/**
 * The version that a wish means; or why there is none, in words. A name that exactly one package
 * provides means that package.
 */
export function selectVersion(search: Search, wish: Wish): Selected | string {
  const { universe } = search;
  const name = universe.name(wish.name, wish.qualifier);
  const { version: asked } = wish;
  const versions =
    asked === undefined
      ? [search.state(name).candidate].filter((version) => version !== undefined)
      : name.versions.filter((version) => isVersionMeant(universe, version, asked.kind, asked.pattern));
  const [version] = versions.length > 0 ? versions : providing(search, name, wish);
  if (version === undefined) return whyNot(search, name, wish);
  return {
    state: search.state(version.name),
    version,
    release: asked?.kind === "release" ? asked.pattern : undefined,
  };
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
 * `pkg/release`: where a versioned need is met by nothing that could be installed as it is, that
 * release's version becomes the candidate, and so on with what that one needs. As with apt, what was
 * switched on a way that led nowhere mostly stays switched.
 */
export function followRelease(search: Search, selected: readonly Selected[]): void {
  const switched: Version[] = [];
  for (const { version, release } of selected) {
    if (release === undefined) continue;
    switched.push(version);
    follow(search, version, release, switched);
  }
}

function follow(search: Search, from: Version, release: string, switched: Version[]): boolean {
  setCandidate(search.state(from.name), from);
  const before = switched.length;
  for (const need of search.universe.needsOf(from)) {
    if (need.isNegative || !search.isImportant(need)) continue;
    if (need.options.some((link) => isServed(search, link))) continue;
    const isMet = need.options.some((link, at) => {
      const isLast = at === need.options.length - 1;
      return switchTo(search, link, release, switched, isLast ? "stays" : "is-undone");
    });
    if (isMet || !isCritical(need.kind)) continue;
    switched.length = before;
    return false;
  }
  return true;
}

function setCandidate(state: State, version: Version | undefined): void {
  if (state.isMarked && state.chosen === state.candidate) state.chosen = version;
  state.candidate = version;
}

/** Whether a candidate meets a need and lacks nothing that is not chosen already. */
function isServed(search: Search, { name, dependency }: Link): boolean {
  const { candidate } = search.state(name);
  if (dependency.relation !== undefined) {
    const fits = candidate !== undefined && acceptsVersion(dependency, candidate.package.version);
    return fits && lacksNothing(search, candidate);
  }
  const providers = search.universe.providersOf(name);
  if (providers.length === 0) return candidate !== undefined && lacksNothing(search, candidate);
  return providers.some(
    ({ version }) => search.state(version.name).candidate === version && lacksNothing(search, version),
  );
}

function lacksNothing(search: Search, version: Version): boolean {
  return search.universe
    .needsOf(version)
    .every((need) => !isCritical(need.kind) || search.isFulfilled(version, need));
}

function switchTo(
  search: Search,
  { name, dependency }: Link,
  release: string,
  switched: Version[],
  onFailure: "stays" | "is-undone",
): boolean {
  if (dependency.relation === undefined) return false;
  const found = name.versions.find((version) => isVersionMeant(search.universe, version, "release", release));
  if (found === undefined || !acceptsVersion(dependency, found.package.version)) return false;
  const state = search.state(name);
  const before = state.candidate;
  if (found === before && switched.some((version) => version.name === name)) return true;
  switched.push(found);
  if (follow(search, found, release, switched)) return true;
  if (onFailure === "is-undone") {
    setCandidate(state, before);
    switched.pop();
  }
  return false;
}
