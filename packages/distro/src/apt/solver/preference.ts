import type { Search } from "./search.ts";
import type { Link, Version } from "./universe.ts";

const PRIORITIES = ["", "required", "important", "standard", "optional", "extra"];

/** Debian's priority as a number: 1 is `required`, 5 is `extra` or unknown, 0 where none is named. */
export function priorityOf({ package: { priority } }: Version): number {
  const at = PRIORITIES.indexOf(priority);
  return at === -1 ? PRIORITIES.length - 1 : at;
}

/**
 * Which of several packages that are what `link` asks for is taken first: what is settled already,
 * the package of that very name, essential ones, the higher priority, and then the one that the
 * indexes mention last.
 */
export function rankProviders(search: Search, link: Link, versions: readonly Version[]): readonly Version[] {
  return versions.toSorted(
    (a, b) =>
      first(({ name }) => search.state(name).isProtected, a, b) ||
      first(({ name }) => name === link.name, a, b) ||
      first(({ name }) => name.isEssential, a, b) ||
      first(({ name }) => name.isProtected, a, b) ||
      priorityOf(a) - priorityOf(b) ||
      b.name.rank - a.name.rank,
  );
}

/** Orders two by a property that the one before has. */
function first(test: (version: Version) => boolean, a: Version, b: Version): number {
  return Number(test(b)) - Number(test(a));
}
