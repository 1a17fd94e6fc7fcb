import { readSync } from "node:fs";
import { lend } from "../reuse.ts";

const CHUNK_SIZE = 1024 * 1024;

/**
 * One piece of output after another, gathered in chunks of 1 MiB; files are read right into them.
 * Whoever adds looks at `isFull` in between.
 */
export class ChunkFiller {
  readonly #free: Buffer[] = [];
  #memory: Buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE);
  #length = 0;
  #full: Buffer[] = [];

  get isFull(): boolean {
    return this.#full.length > 0;
  }

  /** Chunks that are full, once each. */
  takeFull(): readonly Buffer[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** What is left at the end. */
  takeRest(): readonly Buffer[] {
    const rest = [...this.takeFull(), this.#memory.subarray(0, this.#length)];
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
    return rest.filter((chunk) => chunk.length > 0);
  }

  add(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      const copied = bytes.copy(this.#memory, this.#length, done);
      done += copied;
      this.#advance(copied);
    }
  }

  addZeros(length: number): void {
    for (let rest = length; rest > 0;) {
      const some = Math.min(rest, CHUNK_SIZE - this.#length);
      this.#memory.fill(0, this.#length, this.#length + some);
      rest -= some;
      this.#advance(some);
    }
  }

  /**
   * Reads up to `length` bytes from where the file stands, as many as fit in the chunk, and gives their
   * number. A file that has more than `length` left gives one more than that where it fits.
   */
  read(fd: number, length: number): number {
    const space = CHUNK_SIZE - this.#length;
    const got = readSync(fd, this.#memory, this.#length, Math.min(length + 1, space), null);
    if (got <= length) this.#advance(got);
    return got;
  }

  #advance(length: number): void {
    this.#length += length;
    if (this.#length < CHUNK_SIZE) return;
    this.#full.push(lend(this.#memory, (chunk) => this.#free.push(chunk)));
    this.#memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_SIZE);
    this.#length = 0;
  }
}
