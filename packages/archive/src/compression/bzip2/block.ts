import { crcOf } from "./checksum.ts";
import { damaged } from "../fault.ts";
import type { BitReader } from "./bit-reader.ts";
import { huffmanTable } from "./huffman.ts";
import type { HuffmanTable } from "./huffman.ts";

/** Symbols that one Huffman table codes before the next selector is due. */
const GROUP_SIZE = 50;
const OUTPUT_SIZE = 1024 * 1024;

export interface Bzip2Block {
  readonly crc: number;
  /** Where the walk through `links` begins. */
  readonly start: number;
  /** The block's length before its runs are written out. */
  readonly length: number;
  /** For each byte: itself in the low 8 bits, and above them the place of the byte after it. */
  readonly links: Uint32Array;
}

/**
 * Decodes one block behind its magic number: Huffman codes, move-to-front, run lengths, and the
 * links that undo the Burrows–Wheeler transform. `links` is memory for as many as a block may have.
 * The reader must hold the whole block. `COMPRESSION_INVALID`
 */
export function decodeBlock(bits: BitReader, links: Uint32Array): Bzip2Block {
  const crc = bits.take32();
  // Randomised blocks were written by bzip2 before 0.9.5 (1999) only.
  if (bits.take(1) !== 0) throw damaged("bzip2", "a block is of the randomised kind of before 1999");
  const origin = bits.take(24);
  const alphabet = readAlphabet(bits);
  const symbols = alphabet.length + 2;
  const tableCount = bits.take(3);
  if (tableCount < 2 || tableCount > 6) throw damaged("bzip2", "a block has no valid number of tables");
  const selectors = readSelectors(bits, tableCount);
  const tables: HuffmanTable[] = [];
  for (let index = 0; index < tableCount; index++) tables.push(huffmanTable(readLengths(bits, symbols)));

  const counts = new Uint32Array(257);
  const length = readSymbols(bits, { alphabet, selectors, tables, links, counts });
  if (origin >= length) throw damaged("bzip2", "a block begins outside itself");

  // counts[b + 1] is how often b occurs; summed up, counts[b] is where the bytes b begin when sorted.
  for (let byte = 0; byte < 256; byte++) counts[byte + 1] = (counts[byte + 1] ?? 0) + (counts[byte] ?? 0);
  for (let index = 0; index < length; index++) {
    const byte = (links[index] ?? 0) & 0xff;
    const place = counts[byte] ?? 0;
    counts[byte] = place + 1;
    links[place] = ((links[place] ?? 0) & 0xff) | (index << 8);
  }
  return { crc, start: (links[origin] ?? 0) >>> 8, length, links };
}

/** The bytes that occur in a block: a map of maps of bits. */
function readAlphabet(bits: BitReader): Uint8Array {
  const ranges = bits.take(16);
  const bytes: number[] = [];
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const used = bits.take(16);
    for (let index = 0; index < 16; index++) {
      if ((used & (0x8000 >> index)) !== 0) bytes.push(range * 16 + index);
    }
  }
  if (bytes.length === 0) throw damaged("bzip2", "a block has no bytes");
  return Uint8Array.from(bytes);
}

/** Which table codes each group of symbols: unary numbers, moved to front. */
function readSelectors(bits: BitReader, tableCount: number): Uint8Array {
  const count = bits.take(15);
  if (count === 0) throw damaged("bzip2", "a block has no selectors");
  const order = Array.from({ length: tableCount }, (_, index) => index);
  const selectors = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    let rank = 0;
    while (bits.take(1) === 1) {
      rank += 1;
      if (rank >= tableCount) throw damaged("bzip2", "a selector is out of range");
    }
    const [table = 0] = order.splice(rank, 1);
    order.unshift(table);
    selectors[index] = table;
  }
  return selectors;
}

/** The code lengths of one table: each as its difference to the one before. */
function readLengths(bits: BitReader, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols);
  let length = bits.take(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (bits.take(1) === 1) {
      length += bits.take(1) === 0 ? 1 : -1;
      if (length < 1 || length > 20) break;
    }
    if (length < 1 || length > 20) throw damaged("bzip2", "a code is too long");
    lengths[symbol] = length;
  }
  return lengths;
}

interface SymbolInput {
  readonly alphabet: Uint8Array;
  readonly selectors: Uint8Array;
  readonly tables: readonly HuffmanTable[];
  readonly links: Uint32Array;
  readonly counts: Uint32Array;
}

/** Writes the block's bytes, still transformed, into `links`, and how many of each into `counts`. */
function readSymbols(bits: BitReader, { alphabet, selectors, tables, links, counts }: SymbolInput): number {
  const front = alphabet.slice();
  const end = alphabet.length + 1;
  const capacity = links.length;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (const selector of selectors) {
    const table = tables[selector];
    if (table === undefined) break;
    for (let index = 0; index < GROUP_SIZE; index++) {
      const symbol = bits.symbol(table);
      if (symbol <= 1) {
        // A run's length in the digits 1 and 2, the lowest first.
        run += weight << symbol;
        weight <<= 1;
        if (run > capacity) throw damaged("bzip2", "a run is too long");
        continue;
      }
      if (run > 0) {
        if (length + run > capacity) throw damaged("bzip2", "a block is too long");
        const byte = front[0] ?? 0;
        links.fill(byte, length, length + run);
        length += run;
        counts[byte + 1] = (counts[byte + 1] ?? 0) + run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) return length;
      if (length >= capacity) throw damaged("bzip2", "a block is too long");
      const rank = symbol - 1;
      const byte = front[rank] ?? 0;
      // Ranks are small as a rule: a loop is faster than a call there.
      if (rank < 16) for (let place = rank; place > 0; place--) front[place] = front[place - 1] ?? 0;
      else front.copyWithin(1, 0, rank);
      front[0] = byte;
      links[length] = byte;
      length += 1;
      counts[byte + 1] = (counts[byte + 1] ?? 0) + 1;
    }
  }
  throw damaged("bzip2", "a block does not end");
}

/** A block's content: the links followed, and four equal bytes and a number made a run again. `COMPRESSION_INVALID` */
export function* blockContent({ crc: expected, start, length, links }: Bzip2Block): Generator<Buffer> {
  let crc = 0xffffffff;
  let output = Buffer.allocUnsafeSlow(OUTPUT_SIZE);
  let filled = 0;
  let place = start;
  let previous = -1;
  let repeated = 0;
  for (let index = 0; index < length; index++) {
    const link = links[place] ?? 0;
    const byte = link & 0xff;
    place = link >>> 8;
    // Room for the longest run, so that no byte has to ask.
    if (filled + 256 > OUTPUT_SIZE) {
      const full = output.subarray(0, filled);
      crc = crcOf(full, crc);
      yield full;
      output = Buffer.allocUnsafeSlow(OUTPUT_SIZE);
      filled = 0;
    }
    if (repeated === 4) {
      output.fill(previous, filled, filled + byte);
      filled += byte;
      repeated = 0;
      previous = -1;
      continue;
    }
    repeated = byte === previous ? repeated + 1 : 1;
    previous = byte;
    output[filled] = byte;
    filled += 1;
  }
  const last = output.subarray(0, filled);
  if (~crcOf(last, crc) >>> 0 !== expected) throw damaged("bzip2", "a block's checksum is wrong");
  if (filled > 0) yield last;
}
