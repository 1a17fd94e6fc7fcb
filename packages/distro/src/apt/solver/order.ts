import { formatAlternatives } from "../control/dependency.ts";
import { isCritical, type Search } from "./search.ts";
import type { Name, Need, Version } from "./universe.ts";

/** A package in its place in the order of installation. */
export interface Placed {
  readonly version: Version;
  /** `asked for`, `needed by curl (libcurl4 (= 7.88.1-10))`, `recommended by …`. */
  readonly reason: string;
  /** How many others of the set need it themselves. */
  readonly dependents: number;
}

interface Edge {
  readonly need: Need;
  readonly target: Version;
}

/**
 * Each package after what it needs. Where packages need each other, Pre-Depends count before
 * Depends, and then the one that was reached first comes last; the walk starts with the names of
 * the request in alphabetical order, and goes through needs in the order of the control file, so that
 * the same set always has the same order.
 */
export function installOrder(search: Search, asked: ReadonlySet<Name>): readonly Placed[] {
  const chosen = new Map(search.chosen().map((state) => [state.name, state.chosen]));
  const reasons = new Map<Version, string>();
  const placed: Version[] = [];
  const visited = new Set<Version>();
  const edges = new Map([...chosen.values()].map((version) => [version, edgesOf(search, version)]));
  // A stack of our own: chains are longer than what the language's one holds.
  const visit = (root: Version): void => {
    if (visited.has(root)) return;
    visited.add(root);
    const stack = [{ version: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = edges.get(top.version)?.[top.next++];
      if (edge === undefined) {
        placed.push(top.version);
        stack.pop();
      } else if (!visited.has(edge.target)) {
        visited.add(edge.target);
        stack.push({ version: edge.target, next: 0 });
      }
    }
  };
  const all = [...chosen.values()].toSorted(byName);
  // What must be there before others are unpacked goes first, with all that it needs.
  for (const version of all) {
    for (const { need, target } of edges.get(version) ?? []) if (need.kind === "preDepends") visit(target);
  }
  for (const version of all) if (asked.has(version.name)) visit(version);
  for (const version of all) visit(version);
  for (const version of all) if (asked.has(version.name)) reasons.set(version, "asked for");
  for (const version of placed.toReversed()) {
    for (const { need, target } of edges.get(version) ?? []) {
      if (!reasons.has(target)) reasons.set(target, reasonFor(version, need));
    }
  }
  for (const version of placed) {
    for (const { need, target } of edges.get(version) ?? []) {
      if (!reasons.has(target)) reasons.set(target, reasonFor(version, need));
    }
  }
  const dependents = new Map<Version, number>();
  for (const each of edges.values()) {
    for (const target of new Set(each.map((edge) => edge.target))) {
      dependents.set(target, (dependents.get(target) ?? 0) + 1);
    }
  }
  return placed.map((version) => ({
    version,
    reason: reasons.get(version) ?? suggestedBy(search, version),
    dependents: dependents.get(version) ?? 0,
  }));
}

function byName(a: Version, b: Version): number {
  return a.name.text < b.name.text ? -1 : 1;
}

/** What of that which is chosen a package needs: real needs first, then what it recommends. */
function edgesOf(search: Search, version: Version): readonly Edge[] {
  const edges: Edge[] = [];
  for (const need of search.universe.needsOf(version)) {
    if (need.isNegative || !search.isImportant(need)) continue;
    const targets = need.options.flatMap((link) =>
      search.universe
        .targetsOf(link)
        .filter((target) => search.state(target.name).chosen === target && target !== version),
    );
    const [first] = targets;
    if (first !== undefined) edges.push({ need, target: first });
  }
  return edges;
}

function reasonFor(version: Version, need: Need): string {
  const what = formatAlternatives(need.options.map(({ dependency }) => dependency));
  const how = isCritical(need.kind) ? "needed" : "recommended";
  return `${how} by ${version.name.text} (${what})`;
}

/** What stays only because something that is there suggests it, or would take it as another way. */
function suggestedBy(search: Search, version: Version): string {
  for (const { name, chosen } of search.chosen()) {
    const need = search.universe
      .needsOf(chosen)
      .find(
        ({ isNegative, options }) =>
          !isNegative && options.some((link) => search.universe.targetsOf(link).includes(version)),
      );
    if (need !== undefined && name !== version.name) {
      return `of use to ${name.text} (${formatAlternatives(need.options.map(({ dependency }) => dependency))})`;
    }
  }
  return "essential";
}
