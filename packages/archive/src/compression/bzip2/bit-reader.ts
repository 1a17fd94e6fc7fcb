import { LOOKUP_BITS } from "./huffman.ts";
import type { HuffmanTable } from "./huffman.ts";
import { damaged } from "../fault.ts";

/** Reads bits, the highest of each byte first. Behind the end there are zeros: `isPastEnd` tells. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  /** The lowest `#count` bits have been read and not taken. */
  #buffer = 0;
  #count = 0;

  constructor(bytes: Uint8Array, skip: number) {
    this.#bytes = bytes;
    this.take(skip);
  }

  /** Bits taken so far, those skipped at first included. */
  get offset(): number {
    return this.#position * 8 - this.#count;
  }

  get isPastEnd(): boolean {
    return this.offset > this.#bytes.length * 8;
  }

  /** The next bits as a number: up to 24. */
  take(length: number): number {
    this.#fill(length);
    this.#count -= length;
    return (this.#buffer >>> this.#count) & ((1 << length) - 1);
  }

  take32(): number {
    return ((this.take(16) << 16) | this.take(16)) >>> 0;
  }

  /** The next symbol of a Huffman code. `COMPRESSION_INVALID` */
  symbol({ lookup, limit, offset, symbols }: HuffmanTable): number {
    this.#fill(20);
    const entry = lookup[(this.#buffer >>> (this.#count - LOOKUP_BITS)) & ((1 << LOOKUP_BITS) - 1)] ?? 0;
    if (entry !== 0) {
      this.#count -= entry & 31;
      return entry >>> 5;
    }
    for (let length = LOOKUP_BITS + 1; length <= 20; length++) {
      const code = (this.#buffer >>> (this.#count - length)) & ((1 << length) - 1);
      if (code >= (limit[length] ?? -1)) continue;
      this.#count -= length;
      return symbols[code + (offset[length] ?? 0)] ?? 0;
    }
    throw damaged("bzip2", "there is no such code");
  }

  #fill(length: number): void {
    while (this.#count < length) {
      this.#buffer = (this.#buffer << 8) | (this.#bytes[this.#position] ?? 0);
      this.#position += 1;
      this.#count += 8;
    }
  }
}
