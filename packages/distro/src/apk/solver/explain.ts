import { type Dependency, formatDependency, isFulfilled } from "../dependency.ts";
import type { Placed } from "./order.ts";
import type { Search } from "./search.ts";
import type { Link, Name, Package } from "./universe.ts";

/** How many of many are named. */
const NAMED = 4;

/**
 * Why a search failed: every wish and every need of a chosen package that is not fulfilled, and
 * every name that two of them have. The shortest comes first: it is mostly the cause of the others.
 */
export function explain(search: Search, placed: readonly Placed[]): readonly string[] {
  const causes = new Set<string>();
  const add = (cause: string | undefined): void => {
    if (cause !== undefined) causes.add(cause);
  };
  for (const wish of search.wishes) {
    add(lookAt(search, placed, undefined, wish));
    const { tag } = wish.dependency;
    if (tag !== undefined && !search.universe.tagged.has(tag)) add(`no repository has the tag @${tag}`);
  }
  for (const { package: owner } of placed) {
    for (const link of owner.depends) add(lookAt(search, placed, owner, link));
    lookAtTaken(search, owner, causes);
    if (owner.index.unreadable !== undefined) {
      add(`${nameOf(owner)} needs ${JSON.stringify(owner.index.unreadable)}, which cannot be read`);
    }
    if (!search.package(owner).isAllowed) {
      add(`${nameOf(owner)} comes only from a repository whose @tag was not asked for`);
    }
  }
  if (causes.size === 0) {
    for (const { package: owner } of placed) {
      if (search.package(owner).isBroken) causes.add(`${nameOf(owner)} cannot be with the others`);
    }
  }
  return [...causes].toSorted((a, b) => a.length - b.length);
}

function lookAt(
  search: Search,
  placed: readonly Placed[],
  needer: Package | undefined,
  link: Link,
): string | undefined {
  const { chosen } = search.name(link.name);
  if (isFulfilled(link.dependency, chosen)) return undefined;
  const who = needer === undefined ? "the request" : nameOf(needer);
  const what = formatDependency(link.dependency);
  if (chosen === undefined) return `${who} needs ${what}, ${whatThereIs(link.dependency, link.name)}`;
  if (link.dependency.isConflict) {
    return `${who} must not meet ${what.slice(1)}, but there is ${nameOf(chosen.package)}${usedBy(search, placed, chosen.package)}`;
  }
  if (!link.name.providers.some((provider) => isFulfilled(link.dependency, provider))) {
    return `${who} needs ${what}, ${whatThereIs(link.dependency, link.name)}`;
  }
  return `${who} needs ${what}, but there is ${nameOf(chosen.package)}${usedBy(search, placed, chosen.package)}`;
}

function usedBy(search: Search, placed: readonly Placed[], used: Package): string {
  const users = placed
    .map(({ package: owner }) => owner)
    .filter((owner) =>
      owner.depends.some(
        ({ dependency, name }) =>
          !dependency.isConflict && search.name(name).chosen?.package === used && owner !== used,
      ),
    );
  return users.length === 0 ? "" : `, which ${listed(users)} ${users.length === 1 ? "needs" : "need"}`;
}

function whatThereIs(dependency: Dependency, name: Name): string {
  if (name.providers.length === 0) return "which no package is or provides";
  const fitting = name.providers.filter((provider) => isFulfilled(dependency, provider));
  if (fitting.length === 0)
    return `of which there is only ${listed(name.providers.map(({ package: p }) => p))}`;
  const packages = listed(fitting.map(({ package: owner }) => owner));
  return fitting.length === 1
    ? `but ${packages} cannot be with the others`
    : `which ${packages} provide: name the one that is meant`;
}

/** A name with a version belongs to one package alone. */
function lookAtTaken(search: Search, owner: Package, causes: Set<string>): void {
  for (const link of owner.provides) {
    const { chosen } = search.name(link.name);
    if (chosen === undefined || chosen.package === owner) continue;
    if (chosen.version === undefined && link.dependency.version === undefined) continue;
    causes.add(`${nameOf(owner)} and ${nameOf(chosen.package)} both provide ${link.name.text}`);
  }
  const { chosen } = search.name(owner.name);
  if (chosen !== undefined && chosen.package !== owner) {
    causes.add(`${nameOf(chosen.package)} provides ${owner.name.text}, which ${nameOf(owner)} is`);
  }
}

function nameOf({ index }: Package): string {
  return `${index.name}-${index.version}`;
}

function listed(packages: readonly Package[]): string {
  const names = [...new Set(packages.map(nameOf))];
  const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return names.slice(0, NAMED).join(", ") + rest;
}
