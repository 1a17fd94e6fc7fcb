import { hashBytes } from "./index-layout.ts";

/** Names by number, in the order in which they came; found by their bytes, without making text of them. */
export class NameTable {
  #bytes = Buffer.alloc(2 ** 16);
  #length = 0;
  #starts: Uint32Array = new Uint32Array(2 ** 12);
  #hashes: Uint32Array = new Uint32Array(2 ** 12);
  /** Number + 1, or 0; at most half full. */
  #slots: Uint32Array = new Uint32Array(2 ** 13);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The bytes of all names. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Where each name starts; one more for the end. */
  get starts(): Uint32Array {
    return this.#starts.slice(0, this.#size + 1);
  }

  /** The number of the name that stands between two places; a new one where it was not there before. */
  intern(bytes: Buffer, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    const mask = this.#slots.length - 1;
    let at = hash & mask;
    for (let slot = this.#slots[at] ?? 0; slot !== 0; slot = this.#slots[at] ?? 0) {
      if (this.#hashes[slot - 1] === hash && this.#isNamed(slot - 1, bytes, start, end)) return slot - 1;
      at = (at + 1) & mask;
    }
    this.#slots[at] = this.#size + 1;
    return this.#append(hash, bytes, start, end);
  }

  /** A hash table in which each name stands at its hash or in the next free place; at most half full. */
  slots(): Uint32Array {
    return tableOf(this.#hashes, this.#size, 2 ** Math.ceil(Math.log2(this.#size * 2 + 2)));
  }

  #isNamed(number: number, bytes: Buffer, start: number, end: number): boolean {
    const from = this.#starts[number] ?? 0;
    if ((this.#starts[number + 1] ?? 0) - from !== end - start) return false;
    for (let at = start; at < end; at++) if (this.#bytes[from + at - start] !== bytes[at]) return false;
    return true;
  }

  #append(hash: number, bytes: Buffer, start: number, end: number): number {
    const number = this.#size++;
    if (this.#length + end - start > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2 + end - start);
    }
    this.#length += bytes.copy(this.#bytes, this.#length, start, end);
    if (number + 2 > this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#hashes = doubled(this.#hashes);
    }
    this.#hashes[number] = hash;
    this.#starts[number + 1] = this.#length;
    if (this.#size * 2 > this.#slots.length) {
      this.#slots = tableOf(this.#hashes, this.#size, this.#slots.length * 2);
    }
    return number;
  }
}

function tableOf(hashes: Uint32Array, size: number, length: number): Uint32Array {
  const slots = new Uint32Array(length);
  for (let number = 0; number < size; number++) {
    let at = (hashes[number] ?? 0) & (length - 1);
    while (slots[at] !== 0) at = (at + 1) & (length - 1);
    slots[at] = number + 1;
  }
  return slots;
}

function doubled(numbers: Uint32Array): Uint32Array {
  const larger = new Uint32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
