import { DistroError } from "../../errors.ts";

/** From and to, as places in bytes. */
export type Range = readonly [number, number];

/** What `packageOf` reads. MD5, tags, maintainers make up the better half of an index. */
const KEPT = [
  "package",
  "source",
  "version",
  "architecture",
  "priority",
  "section",
  "essential",
  "protected",
  "important",
  "multi-arch",
  "provides",
  "filename",
  "size",
  "installed-size",
  "sha256",
  "sha512",
  "description",
  "homepage",
];
/** Fields with names of others, in the order in which apt reads them. */
const RELATIONS = [
  "pre-depends",
  "depends",
  "conflicts",
  "breaks",
  "recommends",
  "suggests",
  "replaces",
  "enhances",
];
const LOOKED_AT = ["package", "provides", "multi-arch", ...RELATIONS];
const NAME = 0;
const PROVIDES = 1;
const MULTI_ARCH = 2;
const FIRST_RELATION = 3;

interface Field {
  readonly name: Buffer;
  readonly isKept: boolean;
  /** Its place in `LOOKED_AT`, or -1. */
  readonly lookedAt: number;
}

/** Fields by a hash of their names, so that no text is made of a million lines. */
const FIELDS: readonly (readonly Field[] | undefined)[] = tableOfFields();
const OTHER_FIELD: Field = { name: Buffer.alloc(0), isKept: false, lookedAt: -1 };
/** Before the first. */
const NO_FIELD: Field = { ...OTHER_FIELD };

const SPACE = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
const HASH = 0x23;
const RETURN = 0x0d;
const COLON = 0x3a;

/**
 * What of a paragraph is looked at when an index is parsed, as places in its bytes; the rest is read when
 * it is asked for. One is used again for all paragraphs: an index has more than the collector likes.
 */
export class Paragraph {
  /** Of the fields in `LOOKED_AT`: 0 and 0 where it lacks one. */
  readonly #starts = new Int32Array(LOOKED_AT.length);
  readonly #ends = new Int32Array(LOOKED_AT.length);
  #kept: number[] = [];
  /** Where the run of kept lines at hand begins, or -1. */
  #keptFrom = -1;
  #field: Field = NO_FIELD;

  get hasFields(): boolean {
    return this.#field !== NO_FIELD;
  }

  /** Where the name is. `INDEX_INVALID`, which says that the paragraph ends at `place` */
  name(bytes: Buffer, place: number): Range {
    const [from, to] = trimmed(bytes, this.#starts[NAME] ?? 0, this.#ends[NAME] ?? 0);
    if (isPackageName(bytes, from, to)) return [from, to];
    const shown = JSON.stringify(bytes.toString("latin1", from, to));
    throw invalid(place, `${shown} is no package's name, in the paragraph that ends here`);
  }

  /** Whether others may ask for it whatever its architecture. */
  isForAny(bytes: Buffer): boolean {
    const [from, to] = trimmed(bytes, this.#starts[MULTI_ARCH] ?? 0, this.#ends[MULTI_ARCH] ?? 0);
    return to - from === "allowed".length && bytes.toString("latin1", from, to) === "allowed";
  }

  /** Tells the names that it asks for or speaks against, in the order in which apt reads the fields. */
  eachRelated(bytes: Buffer, tell: TellName): void {
    for (let at = FIRST_RELATION; at < LOOKED_AT.length; at++) {
      eachName(bytes, this.#starts[at] ?? 0, this.#ends[at] ?? 0, tell);
    }
  }

  eachProvided(bytes: Buffer, tell: TellName): void {
    eachName(bytes, this.#starts[PROVIDES] ?? 0, this.#ends[PROVIDES] ?? 0, tell);
  }

  /** Tells the runs of fields that are kept, in order; the last ends in an empty line. */
  eachKept(tell: TellName): void {
    for (let at = 0; at < this.#kept.length; at += 2) tell(this.#kept[at] ?? 0, this.#kept[at + 1] ?? 0);
  }

  clear(): void {
    this.#starts.fill(0);
    this.#ends.fill(0);
    this.#kept = [];
    this.#keptFrom = -1;
    this.#field = NO_FIELD;
  }

  begin(field: Field, line: number, value: number, end: number): void {
    this.#field = field;
    if (field.lookedAt >= 0) {
      this.#starts[field.lookedAt] = value;
      this.#ends[field.lookedAt] = end;
    }
    if (!field.isKept) this.stopKeeping(line);
    else if (this.#keptFrom < 0) this.#keptFrom = line;
  }

  goOn(end: number): void {
    if (this.#field.lookedAt >= 0) this.#ends[this.#field.lookedAt] = end;
  }

  stopKeeping(at: number): void {
    if (this.#keptFrom >= 0) this.#kept.push(this.#keptFrom, at);
    this.#keptFrom = -1;
  }

  /** The empty line belongs to what is kept: it parts the paragraphs in the text, too. */
  end(at: number, next: number): void {
    if (this.#keptFrom < 0) this.#keptFrom = at;
    this.stopKeeping(next);
  }
}

type TellName = (start: number, end: number) => void;

/**
 * Tells each paragraph in the first `length` bytes of a `Packages` file, or of a part of one that ends
 * with a paragraph, and where it ends. `base` is where the part begins. `INDEX_INVALID`, which names the
 * line's place
 */
export function readParagraphs(
  bytes: Buffer,
  length: number,
  base: number,
  tell: (paragraph: Paragraph, place: number) => void,
): void {
  const paragraph = new Paragraph();
  for (let at = 0; at < length;) {
    let end = at;
    while (end < length && bytes[end] !== NEWLINE) end++;
    const next = Math.min(end + 1, length);
    const first = bytes[at];
    if (at === end || (first === RETURN && end === at + 1)) {
      paragraph.end(at, next);
      if (paragraph.hasFields) tell(paragraph, base + at);
      paragraph.clear();
    } else if (first === SPACE || first === TAB) {
      if (!paragraph.hasFields) throw invalid(base + at, "a line continues nothing");
      paragraph.goOn(end);
    } else if (first === HASH) {
      paragraph.stopKeeping(at);
    } else {
      let colon = at;
      while (colon < end && bytes[colon] !== COLON) colon++;
      if (colon === end) throw invalid(base + at, "a line is no field");
      paragraph.begin(fieldAt(bytes, at, colon), at, colon + 1, end);
    }
    at = next;
  }
  // The last paragraph may lack the empty line: without one in its text it is still the last.
  paragraph.stopKeeping(length);
  if (paragraph.hasFields) tell(paragraph, base + length);
}

function trimmed(bytes: Buffer, from: number, to: number): Range {
  let start = from;
  let end = to;
  while (start < end && (bytes[start] ?? 0) <= SPACE) start++;
  while (end > start && (bytes[end - 1] ?? 0) <= SPACE) end--;
  return [start, end];
}

/** Letters and digits, and but for the first `.`, `+`, `_` and `-`. */
function isPackageName(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = lower(bytes[at] ?? 0);
    const isAlphanumeric = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    const isSign = code === 0x2e || code === 0x2b || code === 0x5f || code === 0x2d;
    if (!isAlphanumeric && (!isSign || at === start)) return false;
  }
  return end > start;
}

/** Tells the places of the names, with what follows their colon, in a list with commas and `|`. */
function eachName(bytes: Buffer, from: number, to: number, tell: TellName): void {
  if (from === to) return;
  let start = -1;
  let skips = false; // what is between a name and the next comma
  for (let at = from; at <= to; at++) {
    const code = at < to ? (bytes[at] ?? 0) : 0x2c;
    const parts = code === 0x2c || code === 0x7c;
    if (parts || code <= SPACE || code === 0x28) {
      if (start >= 0) tell(start, at);
      start = -1;
      skips = !parts && (skips || code === 0x28);
      if (code === 0x28) {
        while (at < to - 1 && bytes[at] !== 0x29) at++;
      } else if (code === NEWLINE && bytes[at + 1] === HASH) {
        while (at < to - 1 && bytes[at + 1] !== NEWLINE) at++;
      }
    } else if (start < 0 && !skips) start = at;
  }
}

function fieldAt(bytes: Buffer, start: number, end: number): Field {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (hash * 31 + lower(bytes[at] ?? 0)) & 0xff;
  const found = FIELDS[hash];
  if (found === undefined) return OTHER_FIELD;
  for (const field of found) if (isNamed(field.name, bytes, start, end)) return field;
  return OTHER_FIELD;
}

function isNamed(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== lower(bytes[start + at] ?? 0)) return false;
  return true;
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

function tableOfFields(): readonly (readonly Field[] | undefined)[] {
  const table: Field[][] = [];
  for (const name of new Set([...KEPT, ...RELATIONS])) {
    const isKept = name !== "enhances";
    const hash = Buffer.from(name).reduce((sum, code) => (sum * 31 + code) & 0xff, 0);
    (table[hash] ??= []).push({ name: Buffer.from(name), isKept, lookedAt: LOOKED_AT.indexOf(name) });
  }
  return table;
}

function invalid(at: number, why: string): DistroError {
  return new DistroError("INDEX_INVALID", `at byte ${at} of the index: ${why}`, { fields: { byte: at } });
}
