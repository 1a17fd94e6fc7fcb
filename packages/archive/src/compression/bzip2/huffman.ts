import { damaged } from "../fault.ts";

/** Codes up to this many bits are looked up in one step. */
export const LOOKUP_BITS = 10;

/** A canonical Huffman code: shorter codes first, and among equals in the order of the symbols. */
export interface HuffmanTable {
  /** By the next `LOOKUP_BITS` bits: symbol << 5 | length; 0 where the code is longer or there is none. */
  readonly lookup: Uint16Array;
  /** For each length: one more than the last code of that length, or -1 if there is none. */
  readonly limit: Int32Array;
  /** For each length: what to add to a code of that length to have its place in `symbols`. */
  readonly offset: Int32Array;
  readonly symbols: Uint16Array;
}

export function huffmanTable(lengths: Uint8Array): HuffmanTable {
  const lookup = new Uint16Array(1 << LOOKUP_BITS);
  const limit = new Int32Array(21).fill(-1);
  const offset = new Int32Array(21);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= 20; length++) {
    code <<= 1;
    offset[length] = place - code;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      symbols[place] = symbol;
      if (code >= 1 << length) throw damaged("bzip2", "a table has more codes than there are");
      if (length <= LOOKUP_BITS) {
        const from = code << (LOOKUP_BITS - length);
        lookup.fill((symbol << 5) | length, from, from + (1 << (LOOKUP_BITS - length)));
      }
      code += 1;
      place += 1;
      limit[length] = code;
    }
  }
  return { lookup, limit, offset, symbols };
}
