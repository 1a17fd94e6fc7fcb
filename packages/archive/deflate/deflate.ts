/*
 * Deflate (RFC 1951) for speed, compiled to WebAssembly: `scripts/wasm.ts` makes
 * src/compression/deflate/module.ts of it. The language is AssemblyScript.
 *
 * At each place two tables, by the hash of the next 7 bytes and of the next 4, tell where the like was
 * last. The first that fits is taken, but for a longer match one byte later. There are no chains to
 * follow: that is what zlib's levels spend their time on.
 *
 * What costs most are branches that the processor cannot foretell, and waiting for memory. So where
 * the short table has nothing, the long one is not asked, and lengths below 8 are counted without a loop.
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
const SYMBOLS_IN_BLOCK: i32 = 48_000;
/** At the end so many bytes are not looked up, for reads of 8 bytes one place ahead must not leave the data. */
const UNSEARCHED: u32 = 12;
/** So many places at most are passed over where nothing has been found for long. */
const MOST_SKIPPED: u32 = 63;
const SEQUENCES_END: u32 = SEQUENCES + MOST_SEQUENCES * 8;

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
  memory.fill(SHORT_TABLE, 0, TABLES_SIZE);
  for (let at = start; at + 8 <= DATA; at += 2) remember(at);

  let at = DATA;
  let written = DATA; // up to here there are sequences; what follows are literals
  let blockStart = DATA;
  let sequence = SEQUENCES; // where the next one goes
  let symbolsLeft = SYMBOLS_IN_BLOCK;
  let farthest: u32 = 0;
  while (at < searchEnd) {
    if (farthest < WINDOW_SIZE) farthest = min(WINDOW_SIZE, at - start);
    const here = load<u64>(at);
    const inShort = SHORT_TABLE + shortHash(here);
    const inLong = LONG_TABLE + longHash(here);
    const shortDistance = distanceTo(at, inShort);
    const longDistance = distanceTo(at, inLong);
    store<u16>(inShort, <u16>at);
    store<u16>(inLong, <u16>at);
    const inShortDiffers = here ^ load<u64>(at - shortDistance);
    if ((isWithin(shortDistance, farthest) & <u32>(<u32>inShortDiffers == 0)) == 0) {
      count(LITERAL_COUNTS, <u32>here & 0xff);
      at++;
      // The longer nothing is found, the fewer places are looked at.
      const literals = at - written;
      if (literals < 64) continue;
      const next = min(searchEnd, at + min<u32>(MOST_SKIPPED, literals >> 6));
      for (; at < next; at++) count(LITERAL_COUNTS, load<u8>(at));
      continue;
    }
    const inLongDiffers = here ^ load<u64>(at - longDistance);
    const isLong = (isWithin(longDistance, farthest) & <u32>(inLongDiffers == 0)) != 0;
    let distance = select(longDistance, shortDistance, isLong);
    let found = equalBytes(select(inLongDiffers, inShortDiffers, isLong));
    if (found == 8) {
      found = common(at, distance, end);
    } else {
      const next = load<u64>(at + 1);
      const inNext = LONG_TABLE + longHash(next);
      const nextDistance = distanceTo(at + 1, inNext);
      store<u16>(inNext, <u16>(at + 1));
      const nextFound = equalBytes(next ^ load<u64>(at + 1 - nextDistance));
      if ((isWithin(nextDistance, farthest) & <u32>(nextFound > found)) != 0) {
        count(LITERAL_COUNTS, <u32>here & 0xff);
        at++;
        distance = nextDistance;
        found = nextFound == 8 ? common(at, distance, end) : nextFound;
      }
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
    const literals = at - written;
    store<u64>(sequence, <u64>literals | ((<u64>distance) << 32) | ((<u64>found) << 48));
    count(LITERAL_COUNTS, 257 + lengthSlot(found));
    count(DISTANCE_COUNTS, distanceSlot(distance));
    sequence += 8;
    symbolsLeft -= <i32>(literals + 1);
    const after = at + found;
    if (after < searchEnd) {
      remember(at + 1);
      remember(at + 2);
      remember(after - 1);
    }
    at = after;
    written = after;
    if (symbolsLeft <= 0 || sequence == SEQUENCES_END) {
      endBlock(blockStart, at, sequence);
      blockStart = at;
      sequence = SEQUENCES;
      symbolsLeft = SYMBOLS_IN_BLOCK;
    }
  }
  for (; at < end; at++) count(LITERAL_COUNTS, load<u8>(at));
  if (blockStart < end) endBlock(blockStart, end, sequence);
  putStored(end, 0);
  return outputPosition() - OUTPUT;
}

function endBlock(start: u32, end: u32, sequencesEnd: u32): void {
  putBlock(start, end, (sequencesEnd - SEQUENCES) >> 3);
  startBlock();
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

/** 1 where a table's entry may be referred to; the 0 of an empty place becomes the largest number. */
function isWithin(distance: u32, farthest: u32): u32 {
  return <u32>(distance - 1 < farthest);
}

/** How many of 8 bytes are the same, from the first on, by what differs in them. */
function equalBytes(difference: u64): u32 {
  return <u32>(ctz(difference) >> 3);
}

/** How many bytes are the same as those `distance` before; the first 8 are known to be. */
function common(at: u32, distance: u32, end: u32): u32 {
  const most = min(LONGEST, end - at);
  for (let length: u32 = 8; length < most; length += 8) {
    const difference = load<u64>(at + length) ^ load<u64>(at + length - distance);
    if (difference != 0) return min(most, length + equalBytes(difference));
  }
  return most;
}
