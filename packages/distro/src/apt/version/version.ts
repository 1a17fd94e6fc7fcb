/**
 * Versions as dpkg orders them (deb-version(7)): `[epoch:]upstream[-revision]`. `~` is older than
 * nothing at all, letters are older than other characters, numbers count as numbers.
 */

/** A comparison's outcome: below 0 where the first is older, above 0 where it is newer. */
export type VersionOrder = -1 | 0 | 1;

/** How a dependency compares: strictly older, older or the same, the same, … */
export type VersionRelation = "<<" | "<=" | "=" | ">=" | ">>";

/** Orders two versions. Text that is no version is ordered too, as dpkg would. */
export function compareVersions(a: string, b: string): VersionOrder {
  if (a === b) return 0;
  const ours = split(a);
  const theirs = split(b);
  return (
    compareNumbers(ours.epoch, theirs.epoch) ||
    compareParts(ours.upstream, theirs.upstream) ||
    compareParts(ours.revision, theirs.revision)
  );
}

/** Whether `version` stands in this relation to `wanted`. */
export function versionMatches(version: string, relation: VersionRelation, wanted: string): boolean {
  const order = compareVersions(version, wanted);
  return (
    (order === 0 && relation.includes("=")) ||
    (order < 0 && relation.startsWith("<")) ||
    (order > 0 && relation.startsWith(">"))
  );
}

interface Split {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

function split(version: string): Split {
  const colon = version.indexOf(":");
  const dash = version.lastIndexOf("-");
  const end = dash > colon ? dash : version.length;
  return {
    epoch: colon === -1 ? "" : version.slice(0, colon),
    upstream: version.slice(colon + 1, end),
    revision: version.slice(end + 1),
  };
}

/** Runs of other characters and runs of digits in turn, as far as both have them. */
function compareParts(a: string, b: string): VersionOrder {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    for (;;) {
      const ours = rankAt(a, i);
      const theirs = rankAt(b, j);
      if (ours !== theirs) return ours < theirs ? -1 : 1;
      if (ours === 0) break;
      i++;
      j++;
    }
    const ours = digitsEnd(a, i);
    const theirs = digitsEnd(b, j);
    const order = compareNumbers(a.slice(i, ours), b.slice(j, theirs));
    if (order !== 0) return order;
    i = ours;
    j = theirs;
  }
  return 0;
}

/** Digits as numbers of any length; none is 0. */
function compareNumbers(a: string, b: string): VersionOrder {
  const ours = a.replace(/^0+/, "");
  const theirs = b.replace(/^0+/, "");
  if (ours.length !== theirs.length) return ours.length < theirs.length ? -1 : 1;
  if (ours === theirs) return 0;
  return ours < theirs ? -1 : 1;
}

function digitsEnd(text: string, at: number): number {
  let end = at;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Of a character outside of numbers: the end and a digit are alike, `~` is before them. */
function rankAt(text: string, at: number): number {
  if (at >= text.length) return 0;
  const code = text.charCodeAt(at);
  if (isDigit(code)) return 0;
  if (code === 0x7e) return -1;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter ? code : code + 256;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
