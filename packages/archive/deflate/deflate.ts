/*
 * Deflate (RFC 1951) for speed, compiled to WebAssembly: `scripts/deflate.ts` makes
 * src/compression/deflate/module.ts of it. The language is AssemblyScript.
 *
 * At each place two tables, by the hash of the next 7 bytes and of the next 4, tell where the like was
 * last. The first that fits is taken, but for a longer match one byte later. There are no chains to
 * follow: that is what zlib's levels spend their time on.
 */
import { outputPosition, putStored, startOutput } from "./bits";
import { putBlock, startBlock } from "./block";
import {
  BLOCK_SIZE,
  count,
  DATA,
  DISTANCE_COUNTS,
  LITERAL_COUNTS,
  LONG_BITS,
  LONG_TABLE,
  MOST_SEQUENCES,
  OUTPUT,
  SEQUENCES,
  SHORT_BITS,
  SHORT_TABLE,
  TABLES_SIZE,
  WINDOW_SIZE,
} from "./memory";
import { distanceSlot, fillSlots, lengthSlot, LONGEST } from "./slots";

export { BLOCK_SIZE, DATA, OUTPUT };

/** Literals and matches in a block: fewer make headers weigh, more make codes fit less well. */
const SYMBOLS_IN_BLOCK: u32 = 24_000;
/** At the end so many bytes are not looked up, for reads of 8 bytes one place ahead must not leave the data. */
const UNSEARCHED: u32 = 12;
/** A match from this length on is taken without a look at what comes a byte later. */
const LONG_ENOUGH: u32 = 32;
/** So many places at most are passed over where nothing has been found for long. */
const MOST_SKIPPED: u32 = 63;

let blockStart: u32 = 0;
let sequences: u32 = 0;
let symbols: u32 = 0;

fillSlots();

/**
 * Deflates `length` bytes at DATA to OUTPUT, up to a byte (an empty stored block ends it). They may
 * refer to the `window` bytes before them. Gives the number of bytes at OUTPUT.
 */
export function deflate(window: u32, length: u32): u32 {
  const start = DATA - window;
  const end = DATA + length;
  const searchEnd = length > UNSEARCHED ? end - UNSEARCHED : DATA;
  startOutput(OUTPUT);
  startBlock();
  blockStart = DATA;
  sequences = 0;
  symbols = 0;
  memory.fill(SHORT_TABLE, 0, TABLES_SIZE);
  for (let at = start; at + 8 <= DATA; at++) remember(at);

  let at = DATA;
  let written = DATA; // up to here there are sequences; what follows are literals
  while (at < searchEnd) {
    const here = load<u64>(at);
    const inShort = SHORT_TABLE + shortHash(here);
    const inLong = LONG_TABLE + longHash(here);
    const shortDistance = distanceTo(at, inShort);
    let distance = distanceTo(at, inLong);
    store<u16>(inShort, <u16>at);
    store<u16>(inLong, <u16>at);
    const farthest = min(WINDOW_SIZE, at - start);
    let found: u32;
    // A distance of 0 is that of an empty place in a table, and becomes the largest number.
    if (distance - 1 < farthest && load<u64>(at - distance) == here) {
      found = common(at, distance, end);
    } else if (shortDistance - 1 < farthest && load<u32>(at - shortDistance) == <u32>here) {
      distance = shortDistance;
      found = common(at, distance, end);
      if (found < LONG_ENOUGH) {
        const next = load<u64>(at + 1);
        const inNext = LONG_TABLE + longHash(next);
        const nextDistance = distanceTo(at + 1, inNext);
        store<u16>(inNext, <u16>(at + 1));
        if (nextDistance - 1 < farthest && load<u32>(at + 1 - nextDistance) == <u32>next) {
          const nextFound = common(at + 1, nextDistance, end);
          if (nextFound > found) {
            count(LITERAL_COUNTS, load<u8>(at));
            at++;
            found = nextFound;
            distance = nextDistance;
          }
        }
      }
    } else {
      // The longer nothing is found, the fewer places are looked at.
      const next = min(searchEnd, at + 1 + min<u32>(MOST_SKIPPED, (at - written) >> 7));
      do {
        count(LITERAL_COUNTS, load<u8>(at));
        at++;
      } while (at < next);
      continue;
    }
    // What is the same before it belongs to it.
    while (
      at > written &&
      found < LONGEST &&
      at - distance > start &&
      load<u8>(at - 1) == load<u8>(at - distance - 1)
    ) {
      at--;
      found++;
      const one = LITERAL_COUNTS + ((<u32>load<u8>(at)) << 2);
      store<u32>(one, load<u32>(one) - 1);
    }
    addSequence(at - written, distance, found);
    const after = at + found;
    if (after < searchEnd) {
      remember(at + 1);
      remember(at + 2);
      remember(at + 3);
      remember(after - 2);
      remember(after - 1);
    }
    at = after;
    written = after;
    if (symbols >= SYMBOLS_IN_BLOCK || sequences == MOST_SEQUENCES) endBlock(at);
  }
  for (; at < end; at++) count(LITERAL_COUNTS, load<u8>(at));
  if (blockStart < end) endBlock(end);
  putStored(end, 0);
  return outputPosition() - OUTPUT;
}

function addSequence(literals: u32, distance: u32, length: u32): void {
  store<u64>(SEQUENCES + (sequences << 3), <u64>literals | ((<u64>distance) << 32) | ((<u64>length) << 48));
  sequences++;
  symbols += literals + 1;
  count(LITERAL_COUNTS, 257 + lengthSlot(length));
  count(DISTANCE_COUNTS, distanceSlot(distance));
}

function endBlock(end: u32): void {
  putBlock(blockStart, end, sequences);
  startBlock();
  blockStart = end;
  sequences = 0;
  symbols = 0;
}

function remember(at: u32): void {
  const here = load<u64>(at);
  store<u16>(SHORT_TABLE + shortHash(here), <u16>at);
  store<u16>(LONG_TABLE + longHash(here), <u16>at);
}

/** Positions are kept by 16 bits. That is enough: what is farther than the window is not asked for. */
function distanceTo(at: u32, entry: u32): u32 {
  return (at - load<u16>(entry)) & 0xffff;
}

/** Where 4 bytes are in the table of the short ones: bytes. */
function shortHash(bytes: u64): u32 {
  return ((<u32>bytes * 0x9e3779b1) >> (32 - SHORT_BITS)) << 1;
}

/** Where 7 bytes are in the table of the long ones: bytes. */
function longHash(bytes: u64): u32 {
  return (<u32>(((bytes << 8) * 0xcf1bbcdcbfa56300) >> (64 - LONG_BITS))) << 1;
}

/** How many bytes are the same as those `distance` before; the first 4 are known to be. */
function common(at: u32, distance: u32, end: u32): u32 {
  const most = min(LONGEST, end - at);
  for (let length: u32 = 4; length < most; length += 8) {
    const difference = load<u64>(at + length) ^ load<u64>(at + length - distance);
    if (difference != 0) return min(most, length + <u32>(ctz(difference) >> 3));
  }
  return most;
}
