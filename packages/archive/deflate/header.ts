import { flush, put, putCode } from "./bits";
import { assignCodes, assignLengths } from "./codes";
import {
  ALL_LENGTHS,
  count,
  DISTANCE_LENGTHS,
  HEADER,
  LITERAL_LENGTHS,
  PRECODE_CODES,
  PRECODE_COUNTS,
  PRECODE_LENGTHS,
  PRECODES,
} from "./memory";

/*
 * The header of a block with codes of its own: their lengths, in runs, in a code again (RFC 1951, 3.2.7).
 */

const REPEAT: u32 = 16;
const FEW_ZEROS: u32 = 17;
const MANY_ZEROS: u32 = 18;

let items: u32 = 0;
let literals: u32 = 0;
let distances: u32 = 0;
let precodes: u32 = 0;

/** Makes the header for the lengths that have been assigned. Gives its length: bits. */
export function makeHeader(): u32 {
  literals = 286;
  while (literals > 257 && load<u8>(LITERAL_LENGTHS + literals - 1) == 0) literals--;
  distances = 30;
  while (distances > 1 && load<u8>(DISTANCE_LENGTHS + distances - 1) == 0) distances--;
  memory.copy(ALL_LENGTHS, LITERAL_LENGTHS, literals);
  memory.copy(ALL_LENGTHS + literals, DISTANCE_LENGTHS, distances);
  memory.fill(PRECODE_COUNTS, 0, PRECODES * 4);
  items = 0;
  const end = ALL_LENGTHS + literals + distances;
  for (let at = ALL_LENGTHS; at < end;) {
    const length = load<u8>(at);
    let run: u32 = 1;
    while (at + run < end && load<u8>(at + run) == length) run++;
    at += run;
    addRun(length, run);
  }
  assignLengths(PRECODE_COUNTS, PRECODES, PRECODE_LENGTHS, 7);
  precodes = PRECODES;
  while (precodes > 4 && load<u8>(PRECODE_LENGTHS + inHeader(precodes - 1)) == 0) precodes--;
  let size: u32 = 14 + 3 * precodes;
  for (let symbol: u32 = 0; symbol < PRECODES; symbol++) {
    const bits = <u32>load<u8>(PRECODE_LENGTHS + symbol) + extraOf(symbol);
    size += load<u32>(PRECODE_COUNTS + (symbol << 2)) * bits;
  }
  return size;
}

export function putHeader(): void {
  put((literals - 257) | ((distances - 1) << 5) | ((precodes - 4) << 10), 14);
  for (let index: u32 = 0; index < precodes; index++) {
    flush();
    put(load<u8>(PRECODE_LENGTHS + inHeader(index)), 3);
  }
  assignCodes(PRECODE_LENGTHS, PRECODES, PRECODE_CODES);
  for (let index: u32 = 0; index < items; index++) {
    flush();
    const item: u32 = load<u16>(HEADER + (index << 1));
    const symbol = item & 0xff;
    putCode(load<u32>(PRECODE_CODES + (symbol << 2)));
    put(item >> 8, extraOf(symbol));
  }
  flush();
}

function addRun(length: u32, run: u32): void {
  if (length == 0) {
    for (; run >= 11; run -= min<u32>(run, 138)) add(MANY_ZEROS, min<u32>(run, 138) - 11);
    if (run >= 3) {
      add(FEW_ZEROS, run - 3);
      return;
    }
  } else if (run > 3) {
    add(length, 0);
    for (run--; run >= 3; run -= min<u32>(run, 6)) add(REPEAT, min<u32>(run, 6) - 3);
  }
  for (; run > 0; run--) add(length, 0);
}

function add(symbol: u32, extra: u32): void {
  store<u16>(HEADER + (items++ << 1), <u16>(symbol | (extra << 8)));
  count(PRECODE_COUNTS, symbol);
}

function extraOf(symbol: u32): u32 {
  if (symbol < REPEAT) return 0;
  return symbol == MANY_ZEROS ? 7 : symbol - 14;
}

/** Which symbol's length comes at this place: 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1 15. */
function inHeader(index: u32): u32 {
  if (index < 3) return 16 + index;
  if (index == 3) return 0;
  return (index & 1) == 0 ? 6 + (index >> 1) : 9 - (index >> 1);
}
