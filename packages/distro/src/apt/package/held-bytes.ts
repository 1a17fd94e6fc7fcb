import { BlockPool } from "@cooper/archive";

const BLOCK_SIZE = 256 * 1024;

const pool = new BlockPool(BLOCK_SIZE);

/** A copy of bytes that passed, to be read anywhere. Its memory is used again when it is freed. */
export class HeldBytes {
  readonly #blocks: Buffer<ArrayBuffer>[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.byteLength;) {
      const at = this.#length % BLOCK_SIZE;
      if (at === 0) this.#blocks.push(pool.take());
      const piece = chunk.subarray(done, done + BLOCK_SIZE - at);
      this.#blocks.at(-1)?.set(piece, at);
      done += piece.byteLength;
      this.#length += piece.byteLength;
    }
  }

  /** Fewer bytes only at the end. */
  readonly read = async (offset: number, length: number): Promise<Buffer> => {
    const end = Math.min(offset + length, this.#length);
    const parts: Buffer[] = [];
    for (let at = Math.max(offset, 0); at < end;) {
      const block = this.#blocks[Math.floor(at / BLOCK_SIZE)];
      const start = at % BLOCK_SIZE;
      const part = block?.subarray(start, Math.min(start + end - at, BLOCK_SIZE)) ?? Buffer.alloc(0);
      parts.push(part);
      at += part.length;
    }
    return Buffer.concat(parts);
  };

  free(): void {
    for (const block of this.#blocks.splice(0)) pool.giveBack(block);
    this.#length = 0;
  }
}
