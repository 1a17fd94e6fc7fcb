import {
  FIRST_RELATION,
  fieldAt,
  IS_KEPT,
  LAST_RELATION,
  MULTI_ARCH,
  NAME,
  PLACE_SHIFT,
  PROVIDES,
} from "./fields";
import { CONTINUES_NOTHING, NO_FIELD, NO_NAME, refuse, Run, TOO_MANY_PACKAGES } from "./memory";
import { intern, internForAny } from "./names";
import { nameStart, nextName } from "./relations";
import {
  bitsOf,
  COLON,
  endOfLine,
  HASH,
  includes,
  isPackageName,
  NEWLINE,
  RETURN,
  SPACE,
  TAB,
  trimmedEnd,
  trimmedStart,
} from "./text";

/*
 * The lines of an index, and what is made of a paragraph when it has ended.
 */

/** The fields that are kept of all packages; they end in an empty line each. */
export const text = changetype<Run>(memory.data(12, 4));
/** u32: where each package's fields start in it; one more for the end. */
export const textStarts = changetype<Run>(memory.data(12, 4));
/** u32: each package's name. */
export const packageNames = changetype<Run>(memory.data(12, 4));
/** Two u32 each: a name, and a package that provides it. */
export const provides = changetype<Run>(memory.data(12, 4));

/** More packages than any distribution has, fewer than what hurts. */
const MOST_PACKAGES: u32 = 2_000_000;

/** u32: of the paragraph at hand where each field that is looked at starts and ends; 0 and 0 where it has none. */
const FIELDS_SIZE: u32 = (LAST_RELATION + 1) << 2;
const starts = <u32>memory.data(FIELDS_SIZE * 2, 16);
const ends: u32 = starts + FIELDS_SIZE;

let hasFields: bool = false;
/** Where the field at hand is looked at, or 0. */
let place: u32 = 0;
/** Where the lines that are kept at hand begin, or 0. */
let keptFrom: u32 = 0;

export function startParagraphs(): void {
  textStarts.push(0);
}

/** Reads lines up to the end of a paragraph. `base` and a place make a byte of the index. */
export function readParagraphs(from: u32, to: u32, base: f64): void {
  for (let at = from; at < to;) {
    const head = v128.load(at);
    const newlines = bitsOf(head, NEWLINE);
    const end = newlines != 0 ? min(to, at + <u32>ctz(newlines)) : endOfLine(at + 16, to);
    const first: u32 = load<u8>(at);
    if (first > HASH) {
      readField(at, end, head, base);
    } else if (at == end || (first == RETURN && end == at + 1)) {
      // The empty line belongs to what is kept: it parts the paragraphs in the text, too.
      if (keptFrom == 0) keptFrom = at;
      if (hasFields) endParagraph(min(end + 1, to), base + <f64>at);
      keptFrom = 0;
    } else if (first == SPACE || first == TAB) {
      if (!hasFields) refuse(CONTINUES_NOTHING, base + <f64>at, 0, 0);
      store<u32>(ends + (place << 2), end);
    } else if (first == HASH) {
      keep(at);
    } else {
      readField(at, end, head, base);
    }
    at = min(end + 1, to);
  }
}

/** Ends what was read: the last paragraph may lack the empty line. */
export function endParagraphs(to: u32, base: f64): void {
  if (hasFields) endParagraph(to, base + <f64>to);
}

function readField(at: u32, end: u32, head: v128, base: f64): void {
  const colons = bitsOf(head, COLON);
  let colon = at + <u32>(colons != 0 ? ctz(colons) : 16);
  if (colons == 0) while (colon < end && load<u8>(colon) != COLON) colon++;
  if (colon >= end) refuse(NO_FIELD, base + <f64>at, 0, 0);
  const field = fieldAt(at, colon - at);
  hasFields = true;
  place = field >> PLACE_SHIFT;
  // Those that are not looked at have the place 0, where nobody looks.
  store<u32>(starts + (place << 2), colon + 1);
  store<u32>(ends + (place << 2), end);
  if ((field & IS_KEPT) == 0) keep(at);
  else if (keptFrom == 0) keptFrom = at;
}

/** Keeps the lines at hand, which end here. */
function keep(to: u32): void {
  if (keptFrom != 0) text.append(keptFrom, to);
  keptFrom = 0;
}

function endParagraph(to: u32, place: f64): void {
  keep(to);
  addPackage(place);
  memory.fill(starts, 0, FIELDS_SIZE * 2);
  hasFields = false;
}

function addPackage(place: f64): void {
  const provider = packageNames.length >> 2;
  if (provider >= MOST_PACKAGES) refuse(TOO_MANY_PACKAGES, place, 0, 0);
  const from = trimmedStart(startOf(NAME), endOf(NAME));
  const to = trimmedEnd(from, endOf(NAME));
  if (!isPackageName(from, to)) refuse(NO_NAME, place, from, to);
  packageNames.push(intern(from, to));
  textStarts.push(text.length);
  for (let relation = FIRST_RELATION; relation <= LAST_RELATION; relation++) internNames(relation);
  const isForAny = isAllowed();
  const end = endOf(PROVIDES);
  for (let at = nextName(startOf(PROVIDES), end); at != 0; at = nextName(at, end)) {
    // Others may ask for it whatever its architecture: deb-control(5), Multi-Arch.
    const start = nameStart;
    if (isForAny && !includes(start, at, COLON)) provide(internForAny(start, at), provider);
    provide(intern(start, at), provider);
  }
  if (isForAny) provide(internForAny(from, to), provider);
}

function internNames(place: u32): void {
  const end = endOf(place);
  for (let at = nextName(startOf(place), end); at != 0; at = nextName(at, end)) intern(nameStart, at);
}

function provide(name: u32, provider: u32): void {
  provides.push(name);
  provides.push(provider);
}

/** Whether others may ask for it whatever its architecture. */
function isAllowed(): bool {
  const from = trimmedStart(startOf(MULTI_ARCH), endOf(MULTI_ARCH));
  const to = trimmedEnd(from, endOf(MULTI_ARCH));
  // The bytes of "allowed", from the last to the first.
  return to - from == 7 && load<u64>(from) << 8 == 0x6465776f6c6c6100;
}

function startOf(place: u32): u32 {
  return load<u32>(starts + (place << 2));
}

function endOf(place: u32): u32 {
  return load<u32>(ends + (place << 2));
}
