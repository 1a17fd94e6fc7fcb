/**
 * Versions as apk-tools 2.12 reads and orders them: numbers with dots, a letter, suffixes such as
 * `_rc1` or `_git20220219`, and a revision: `6.3_p20220521-r0`, `6.8.0p2-r4`, `0.99f7`.
 */

/** A comparison's outcome: below 0 where the first is older, above 0 where it is newer. */
export type VersionOrder = -1 | 0 | 1;

/** What a dependency may ask of a version; several at once are alternatives, as in `<=`. */
export interface VersionRange {
  readonly less: boolean;
  readonly equal: boolean;
  readonly greater: boolean;
  /** `~`: what the shorter version does not say does not matter. */
  readonly fuzzy: boolean;
}

/**
 * The parts in the order of their rank. Where two versions are the same up to a point and go on
 * with parts of different kinds, the one whose part ranks higher is the older: `1-r1` < `1.1`.
 */
const KINDS = ["zeros", "number", "letter", "suffix", "suffixNumber", "revision", "end"] as const;
type Kind = (typeof KINDS)[number] | "invalid";

interface Part {
  readonly kind: Kind;
  readonly value: number | bigint;
}

/** Suffixes that make a version older than the one without them, oldest first. */
const BEFORE = ["alpha", "beta", "pre", "rc"];
/** Suffixes that make it newer, oldest first. */
const AFTER = ["cvs", "svn", "git", "hg", "p"];

const UNKNOWN_SUFFIX = -1;

/** Whether apk takes this text for a version. */
export function isVersion(text: string): boolean {
  return partsOf(text).at(-1)?.kind === "end";
}

/** Orders two versions. Text that is no version is read as far as it is one. */
export function compareVersions(a: string, b: string): VersionOrder {
  return compareParts(a, b, "exact");
}

/** Whether `version` lies in the range around `wanted`. */
export function versionMatches(version: string, range: VersionRange, wanted: string): boolean {
  const order = compareParts(version, wanted, range.fuzzy ? "fuzzy" : "exact");
  if (order === 0) return range.equal;
  return order < 0 ? range.less : range.greater;
}

function compareParts(a: string, b: string, precision: "exact" | "fuzzy"): VersionOrder {
  if (a === b) return 0;
  const ours = partsOf(a);
  const theirs = partsOf(b);
  for (let at = 0; ; at++) {
    const mine = ours[at] ?? END;
    const other = theirs[at] ?? END;
    if (mine.kind !== other.kind) return precision === "fuzzy" ? 0 : compareKinds(mine, other);
    if (mine.kind === "end" || mine.kind === "invalid") return 0;
    if (mine.value !== other.value) return mine.value < other.value ? -1 : 1;
  }
}

/** The versions agree so far: what comes next decides. */
function compareKinds(a: Part, b: Part): VersionOrder {
  // `_rc1` is older than nothing at all, and than anything else that may follow.
  if (a.kind === "suffix" && a.value < 0) return -1;
  if (b.kind === "suffix" && b.value < 0) return 1;
  return rank(a.kind) > rank(b.kind) ? -1 : 1;
}

function rank(kind: Kind): number {
  return kind === "invalid" ? -1 : KINDS.indexOf(kind);
}

const END: Part = { kind: "end", value: 0 };
const INVALID: Part = { kind: "invalid", value: 0 };

/** An index names the same few thousand versions again and again. */
const cache = new Map<string, readonly Part[]>();
const CACHE_SIZE = 50_000;

function partsOf(version: string): readonly Part[] {
  let parts = cache.get(version);
  if (parts === undefined) {
    parts = split(version);
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(version, parts);
  }
  return parts;
}

function split(version: string): readonly Part[] {
  const parts: Part[] = [];
  let kind: Kind = "number"; // of the part that starts at `at`; a version starts with a number
  let at = 0;
  while (at < version.length) {
    const read = readPart(version, at, kind);
    parts.push({ kind, value: read.value });
    at = read.end;
    if (read.next === undefined && at < version.length) {
      const step = nextKind(version, at, kind);
      kind = step.kind;
      at = step.start;
      // A separator with nothing behind it, `1.`, stands for a part of value 0.
      if (at >= version.length && kind !== "invalid") parts.push({ kind, value: 0 });
    } else if (read.next !== undefined) {
      kind = read.next;
    }
    if (kind === "invalid") return [...parts, INVALID];
  }
  if (version.length === 0) parts.push({ kind, value: 0 });
  return [...parts, END];
}

interface ReadPart {
  readonly value: number | bigint;
  readonly end: number;
  /** The kind that follows, where the part itself says so. */
  readonly next?: Kind;
}

function readPart(version: string, at: number, kind: Kind): ReadPart {
  switch (kind) {
    case "zeros": {
      // `1.05` is older than `1.5`, and `1.005` older still: zeros count below nothing.
      let end = at;
      while (version[end] === "0") end++;
      return end > at ? { value: at - end, end, next: "number" } : readNumber(version, at);
    }
    case "letter":
      return { value: version.charCodeAt(at), end: at + 1 };
    case "suffix":
      return readSuffix(version, at);
    case "number":
    case "suffixNumber":
    case "revision":
      return readNumber(version, at);
    case "end":
    case "invalid":
    default:
      return { value: 0, end: version.length };
  }
}

function readNumber(version: string, at: number): ReadPart {
  let end = at;
  while (isDigit(version[end])) end++;
  const digits = version.slice(at, end);
  return { value: digits.length > 15 ? BigInt(digits) : Number(digits), end };
}

function readSuffix(version: string, at: number): ReadPart {
  const before = BEFORE.findIndex((suffix) => version.startsWith(suffix, at));
  if (before >= 0) return { value: before - BEFORE.length, end: at + (BEFORE[before]?.length ?? 0) };
  const after = AFTER.findIndex((suffix) => version.startsWith(suffix, at));
  if (after >= 0) return { value: after, end: at + (AFTER[after]?.length ?? 0) };
  return { value: UNKNOWN_SUFFIX, end: at, next: "invalid" };
}

/** What follows a part of kind `from`, and where its own characters start. */
function nextKind(version: string, at: number, from: Kind): { readonly kind: Kind; readonly start: number } {
  const character = version[at];
  if ((from === "number" || from === "zeros") && isLower(character)) return { kind: "letter", start: at };
  if (from === "letter" && isDigit(character)) return { kind: "number", start: at };
  if (from === "suffix" && isDigit(character)) return { kind: "suffixNumber", start: at };
  const { kind, width } = separatorAt(version, at);
  return { kind: mayFollow(from, kind) ? kind : "invalid", start: at + width };
}

function separatorAt(version: string, at: number): { readonly kind: Kind; readonly width: number } {
  if (version[at] === ".") return { kind: "zeros", width: 1 };
  if (version[at] === "_") return { kind: "suffix", width: 1 };
  if (version.startsWith("-r", at)) return { kind: "revision", width: 2 };
  return { kind: "invalid", width: 1 };
}

/** Parts come in the order of their rank, but for dots after numbers and one suffix after another. */
function mayFollow(from: Kind, kind: Kind): boolean {
  if (from === "number" && kind === "zeros") return true;
  if (from === "suffixNumber" && kind === "suffix") return true;
  return rank(kind) >= rank(from);
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

function isLower(character: string | undefined): boolean {
  return character !== undefined && character >= "a" && character <= "z";
}
