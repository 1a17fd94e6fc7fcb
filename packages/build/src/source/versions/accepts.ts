/**
 * Whether what a project asks for takes this version. A version stands for all that begin with it
 * (`3.11` takes 3.11.2); ranges are those that npm, pip, Composer, Bundler and Mix share: comparisons
 * that spaces, commas or `and` join, `^`, `~`, `~>`, `~=`, `1.x`, `1 - 2`, and `||` or `or` between ranges.
 * Where the version that there is names fewer parts than the range, the missing ones count as fitting. What is no
 * number takes none: `nightly`, `pypy3.11`, `lts/unheard-of`.
 */
export function accepts(wanted: string, version: string): boolean {
  return wanted.split(/\|\|?|\bor\b/).some((range) => acceptsAll(range, partsOf(version)));
}

/** A number that something else stands before is of another thing: of `miniconda3`, of PyPy. */
const COMPARISON =
  /(?<![\w.+-])(~>|~=|[<>=!]=?|==|\^|~)?\s*v?(\d+|[x*](?=[.\s,]|$))((?:\.(?:\d+|[x*]))*)[^\s,]*/gi;

function acceptsAll(range: string, version: Parts): boolean {
  const written = range.replace(/(\S+)\s+-\s+(\S+)/, ">=$1 <=$2");
  const comparisons = [...written.matchAll(COMPARISON)];
  if (comparisons.length === 0) return range.trim() === "";
  return comparisons.every(([, operator = "", first = "", rest = ""]) =>
    fits(operator, partsOf(`${first}${rest}`), version),
  );
}

type Parts = readonly number[];

/** The numbers of a version, as far as it has them: `1.x` has one. */
function partsOf(version: string): Parts {
  const numbers = /^\D*(\d+(?:\.\d+)*)/.exec(version)?.[1];
  return numbers === undefined ? [] : numbers.split(".").map(Number);
}

function fits(operator: string, wanted: Parts, version: Parts): boolean {
  switch (operator) {
    case ">=":
      return compare(version, wanted) >= 0;
    case "<=":
      return compare(version, wanted) <= 0;
    case ">":
      return compare(version, wanted) > 0;
    case "<":
      return compare(version, wanted) < 0;
    case "!":
    case "!=":
      return compare(version, wanted) !== 0;
    case "^": {
      // The first number that is not 0 stays.
      const fixed = wanted.findIndex((part) => part !== 0);
      return isWithin(version, wanted, fixed === -1 ? wanted.length : fixed + 1);
    }
    case "~":
      return isWithin(version, wanted, Math.min(2, wanted.length));
    case "~>":
    case "~=":
      return isWithin(version, wanted, Math.max(1, wanted.length - 1));
    default:
      return compare(version, wanted) === 0;
  }
}

/** Not older, and the same in its first numbers. */
function isWithin(version: Parts, wanted: Parts, same: number): boolean {
  return compare(version, wanted) >= 0 && compare(version, wanted.slice(0, same)) === 0;
}

/** By the numbers that both have: so 3.11.2 is as 3.11, and 3.12 is above it. */
function compare(version: Parts, wanted: Parts): number {
  for (const [place, part] of wanted.entries()) {
    const own = version[place];
    if (own === undefined) return 0;
    if (own !== part) return own - part;
  }
  return 0;
}
