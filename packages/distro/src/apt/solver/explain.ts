import { formatAlternatives } from "../control/dependency.ts";
import { isCritical, type Search } from "./search.ts";
import type { Need, Version } from "./universe.ts";

/** How many of many are named. */
const NAMED = 4;

/**
 * Why a search failed: every need of what is chosen that is not met, and down from there why what
 * could meet it cannot be had. The shortest comes first: it is mostly the cause of the others.
 */
export function explain(search: Search): readonly string[] {
  const causes = new Set<string>();
  const seen = new Set<Version>();
  for (const { chosen } of search.chosen()) lookAt(search, chosen, causes, seen);
  return [...causes].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

function lookAt(search: Search, version: Version, causes: Set<string>, seen: Set<Version>): void {
  const waiting = [version];
  for (let owner = waiting.pop(); owner !== undefined; owner = waiting.pop()) {
    if (seen.has(owner)) continue;
    seen.add(owner);
    for (const need of search.universe.needsOf(owner)) {
      if (!isCritical(need.kind) || search.isFulfilled(owner, need)) continue;
      if (need.isNegative)
        causes.add(
          `${nameOf(owner)} ${need.kind === "breaks" ? "breaks" : "conflicts with"} ${textOf(need)}, but there is ${rivalsOf(search, owner, need)}`,
        );
      else waiting.push(...lookAtNeed(search, owner, need, causes));
    }
  }
}

/** Says what is missing; gives the packages that would do but cannot be had themselves. */
function lookAtNeed(search: Search, owner: Version, need: Need, causes: Set<string>): readonly Version[] {
  const targets = [...new Set(need.options.flatMap((link) => search.universe.targetsOf(link)))];
  if (targets.length > 0) {
    for (const target of targets) {
      const { chosen } = search.state(target.name);
      if (chosen !== undefined && chosen !== target) {
        causes.add(`${nameOf(owner)} needs ${textOf(need)}, but there is ${nameOf(chosen)}`);
      }
      addRivals(search, target, owner, need, causes);
    }
    return targets;
  }
  const versions = need.options.flatMap(({ name }) => name.versions);
  causes.add(
    versions.length === 0
      ? `${nameOf(owner)} needs ${textOf(need)}, which no package is or provides`
      : `${nameOf(owner)} needs ${textOf(need)}, of which there is only ${listed(versions)}`,
  );
  return [];
}

/** Whether something that is chosen stands against a package, or it against that. */
function addRivals(search: Search, target: Version, owner: Version, need: Need, causes: Set<string>): void {
  for (const each of search.universe.needsOf(target)) {
    if (!each.isNegative || search.isFulfilled(target, each)) continue;
    causes.add(
      `${nameOf(owner)} needs ${textOf(need)}, but ${nameOf(target)} cannot be with ${rivalsOf(search, target, each)}`,
    );
  }
  for (const { chosen } of search.chosen()) {
    for (const each of search.universe.needsOf(chosen)) {
      if (!each.isNegative || chosen.name === target.name) continue;
      const stands = each.options.some((link) => search.universe.targetsOf(link).includes(target));
      if (stands) {
        causes.add(
          `${nameOf(owner)} needs ${textOf(need)}, but ${nameOf(chosen)} does not go with ${nameOf(target)}`,
        );
      }
    }
  }
}

function rivalsOf(search: Search, owner: Version, need: Need): string {
  const rivals = need.options
    .flatMap((link) => search.universe.targetsOf(link))
    .filter((version) => version.name !== owner.name && search.state(version.name).chosen === version);
  return listed(rivals);
}

function textOf(need: Need): string {
  return formatAlternatives(need.options.map(({ dependency }) => dependency));
}

function nameOf({ package: { name, version } }: Version): string {
  return `${name} ${version}`;
}

function listed(versions: readonly Version[]): string {
  const names = [...new Set(versions.map(nameOf))];
  const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return names.slice(0, NAMED).join(", ") + rest;
}
