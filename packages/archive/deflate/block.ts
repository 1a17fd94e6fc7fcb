import {
  continueOutput,
  flush,
  outputPosition,
  put,
  putCode,
  putStored,
  waitingBitCount,
  waitingBits,
} from "./bits";
import { assignCodes, assignLengths } from "./codes";
import { makeHeader, putHeader } from "./header";
import {
  count,
  DISTANCE_CODES,
  DISTANCE_COUNTS,
  DISTANCE_LENGTHS,
  DISTANCES,
  LITERAL_CODES,
  LITERAL_COUNTS,
  LITERAL_LENGTHS,
  LITERALS,
  MATCH_CODES,
  SEQUENCES,
} from "./memory";
import {
  DISTANCE_SLOT_COUNT,
  distanceExtra,
  distanceSlot,
  LENGTH_SLOT_COUNT,
  lengthBase,
  lengthExtra,
  lengthSlot,
  LONGEST,
} from "./slots";

const END_OF_BLOCK: u32 = 256;
const STORED_MOST: u32 = 0xffff;

/** Clears the frequencies, which whoever finds sequences counts. */
export function startBlock(): void {
  memory.fill(LITERAL_COUNTS, 0, (LITERALS + DISTANCES) * 4);
}

/**
 * Writes the bytes from `start` to `end` by the sequences found in them, in the form that takes the
 * fewest bits (RFC 1951, 3.2.3): with codes of its own, with the fixed ones, or stored.
 */
export function putBlock(start: u32, end: u32, sequences: u32): void {
  count(LITERAL_COUNTS, END_OF_BLOCK);
  const extra = extraBits();
  fixedLengths();
  const fixed = codeBits() + extra;
  assignLengths(LITERAL_COUNTS, LITERALS, LITERAL_LENGTHS, 15);
  assignLengths(DISTANCE_COUNTS, DISTANCES, DISTANCE_LENGTHS, 15);
  const own = makeHeader() + codeBits() + extra;
  const length = end - start;
  const stored = length * 8 + ((length + STORED_MOST - 1) / STORED_MOST) * 40;
  if (stored <= min(own, fixed)) {
    for (let at = start; at < end; at += STORED_MOST) putStored(at, min(end - at, STORED_MOST));
    return;
  }
  if (own < fixed) {
    put(4, 3);
    putHeader();
  } else {
    put(2, 3);
    fixedLengths();
  }
  assignCodes(LITERAL_LENGTHS, LITERALS, LITERAL_CODES);
  assignCodes(DISTANCE_LENGTHS, DISTANCES, DISTANCE_CODES);
  fillMatchCodes();
  fillDistanceCodes();
  putSequences(start, end, sequences);
  putCode(load<u32>(LITERAL_CODES + (END_OF_BLOCK << 2)));
  flush();
}

/** RFC 1951, 3.2.6. */
function fixedLengths(): void {
  memory.fill(LITERAL_LENGTHS, 8, 144);
  memory.fill(LITERAL_LENGTHS + 144, 9, 112);
  memory.fill(LITERAL_LENGTHS + 256, 7, 24);
  memory.fill(LITERAL_LENGTHS + 280, 8, 8);
  memory.fill(DISTANCE_LENGTHS, 5, DISTANCES);
}

function codeBits(): u32 {
  let bits: u32 = 0;
  for (let symbol: u32 = 0; symbol < LITERALS; symbol++) {
    bits += load<u32>(LITERAL_COUNTS + (symbol << 2)) * <u32>load<u8>(LITERAL_LENGTHS + symbol);
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    bits += load<u32>(DISTANCE_COUNTS + (symbol << 2)) * <u32>load<u8>(DISTANCE_LENGTHS + symbol);
  }
  return bits;
}

function extraBits(): u32 {
  let bits: u32 = 0;
  for (let slot: u32 = 0; slot < LENGTH_SLOT_COUNT; slot++) {
    bits += load<u32>(LITERAL_COUNTS + ((END_OF_BLOCK + 1 + slot) << 2)) * lengthExtra(slot);
  }
  for (let slot: u32 = 0; slot < DISTANCE_SLOT_COUNT; slot++) {
    bits += load<u32>(DISTANCE_COUNTS + (slot << 2)) * distanceExtra(slot);
  }
  return bits;
}

function fillMatchCodes(): void {
  for (let length: u32 = 3; length <= LONGEST; length++) {
    const slot = lengthSlot(length);
    const code = load<u32>(LITERAL_CODES + ((END_OF_BLOCK + 1 + slot) << 2));
    const bits = code >> 24;
    const withExtra = (code & 0xffffff) | ((length - lengthBase(slot)) << bits);
    store<u32>(MATCH_CODES + (length << 2), withExtra | ((bits + lengthExtra(slot)) << 24));
  }
}

/** How many extra bits follow a distance's code: they are the lowest of the distance less 1. */
function fillDistanceCodes(): void {
  for (let slot: u32 = 0; slot < DISTANCE_SLOT_COUNT; slot++) {
    const at = DISTANCE_CODES + (slot << 2);
    store<u32>(at, load<u32>(at) | (distanceExtra(slot) << 16));
  }
}

/** The hot loop of writing: the bits wait in local variables, and branches that cannot be foretold are few. */
function putSequences(start: u32, end: u32, sequences: u32): void {
  let position = outputPosition();
  let bits = waitingBits();
  let bitCount = waitingBitCount();
  let at = start;
  for (let index: u32 = 0; index <= sequences; index++) {
    // After the last there is none: only literals are left.
    const isRest = index == sequences;
    const sequence = isRest ? <u64>(end - at) : load<u64>(SEQUENCES + (index << 3));
    const stop = at + <u32>sequence;
    for (; at + 3 <= stop; at += 3) {
      const first = literalCode(at);
      const second = literalCode(at + 1);
      const third = literalCode(at + 2);
      bits |= (first & 0xffffff) << bitCount;
      bitCount += first >> 24;
      bits |= (second & 0xffffff) << bitCount;
      bitCount += second >> 24;
      bits |= (third & 0xffffff) << bitCount;
      bitCount += third >> 24;
      store<u64>(position, bits);
      position += <u32>(bitCount >> 3);
      bits >>= bitCount & ~7;
      bitCount &= 7;
    }
    // One or two may be left; where there is none, a code of no bits.
    const first = select<u64>(literalCode(at), 0, at < stop);
    const second = select<u64>(literalCode(at + 1), 0, at + 1 < stop);
    bits |= (first & 0xffffff) << bitCount;
    bitCount += first >> 24;
    bits |= (second & 0xffffff) << bitCount;
    bitCount += second >> 24;
    store<u64>(position, bits);
    position += <u32>(bitCount >> 3);
    bits >>= bitCount & ~7;
    bitCount &= 7;
    if (isRest) break;
    const length = <u32>(sequence >> 48);
    const distance = <u32>(sequence >> 32) & 0xffff;
    const slot = distanceSlot(distance);
    const match: u64 = load<u32>(MATCH_CODES + (length << 2));
    const back: u64 = load<u32>(DISTANCE_CODES + (slot << 2));
    bits |= (match & 0xffffff) << bitCount;
    bitCount += match >> 24;
    bits |= (back & 0xffff) << bitCount;
    bitCount += back >> 24;
    const extra = (back >> 16) & 0xff;
    bits |= (<u64>(distance - 1) & (((<u64>1) << extra) - 1)) << bitCount;
    bitCount += extra;
    store<u64>(position, bits);
    position += <u32>(bitCount >> 3);
    bits >>= bitCount & ~7;
    bitCount &= 7;
    at = stop + length;
  }
  continueOutput(position, bits, bitCount);
}

function literalCode(at: u32): u64 {
  return load<u32>(LITERAL_CODES + ((<u32>load<u8>(at)) << 2));
}
