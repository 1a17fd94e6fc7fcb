import type { Universe } from "./universe.ts";

/** How many are named. */
const NAMED = 4;
const MAX_DISTANCE = 2;

/** Packages whose name is nearly this one: a letter or two apart, or with it as a part. Nearest first. */
export function namesLike(universe: Universe, name: string): readonly string[] {
  const found = new Map<string, number>();
  for (const { index } of universe.sources) {
    for (let number = 0; number < index.packages; number++) {
      const other = index.nameOfPackage(number);
      if (found.has(other)) continue;
      const distance = distanceOf(name, other);
      if (distance !== undefined) found.set(other, distance);
    }
  }
  return [...found]
    .toSorted(([a, far], [b, farther]) => far - farther || a.length - b.length || (a < b ? -1 : 1))
    .slice(0, NAMED)
    .map(([other]) => other);
}

function distanceOf(name: string, other: string): number | undefined {
  const limit = name.length <= 3 ? 1 : MAX_DISTANCE;
  if (Math.abs(name.length - other.length) <= limit) {
    const distance = editDistance(name, other);
    if (distance <= limit) return distance;
  }
  // `postgres` is far from `postgresql`, letter by letter; `python` is the start of too many.
  return name.length > 3 && other.startsWith(name) ? MAX_DISTANCE + other.length - name.length : undefined;
}

/** Letters to put in, take out, change or swap. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
