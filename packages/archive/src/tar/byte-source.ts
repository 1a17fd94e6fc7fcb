import { asBuffer, type ByteStream } from "../bytes.ts";
import { giveBack } from "../reuse.ts";
import { exceeded } from "./fault.ts";

const NOTHING = Buffer.alloc(0);

export interface ByteSourceOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  /** Whether chunks stay good, or go back to who lent them when the next is waited for. Default `kept`. */
  readonly memory?: "kept" | "reused" | undefined;
}

/**
 * A stream as its reader needs it: what has arrived is looked at and taken without waiting, and
 * only what has not is waited for. Chunks are never joined, but for the few bytes of a header that
 * lies across two.
 */
export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #maxBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #isReused: boolean;
  /** The last chunk that came: `#chunk`, or `#rest` is a part of it. */
  #last: Uint8Array = NOTHING;
  #chunk: Buffer = NOTHING;
  #position = 0;
  /** What follows `#chunk` and has arrived with it. */
  #rest: Buffer = NOTHING;
  #offset = 0;
  #received = 0;
  #hasEnded = false;

  constructor(stream: ByteStream, { maxBytes, signal, memory = "kept" }: ByteSourceOptions) {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
    this.#signal = signal;
    this.#isReused = memory === "reused";
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes that lie together in memory. */
  get available(): number {
    if (this.#position === this.#chunk.length && this.#rest.length > 0) {
      this.#chunk = this.#rest;
      this.#position = 0;
      this.#rest = NOTHING;
    }
    return this.#chunk.length - this.#position;
  }

  /** Whether no more than what is `available` will come. */
  get hasEnded(): boolean {
    return this.#hasEnded && this.#rest.length === 0;
  }

  /** Bytes `at` to `at + length` after the offset, which must be available. */
  view(at: number, length: number): Buffer {
    const start = this.#position + at;
    return this.#chunk.subarray(start, start + length);
  }

  /** Goes past bytes that are available. */
  advance(length: number): void {
    this.#position += length;
    this.#offset += length;
  }

  /** Takes what is available, up to `length` bytes. */
  takeSome(length: number): Buffer {
    const some = Math.min(length, this.available);
    const bytes = this.view(0, some);
    this.advance(some);
    return bytes;
  }

  /** Waits until `length` bytes are available, or all there are. */
  async require(length: number): Promise<void> {
    while (this.available < length && !this.hasEnded) {
      if (this.available > 0) {
        await this.#bridge(length);
      } else {
        this.#chunk = await this.#pull();
        this.#position = 0;
      }
    }
  }

  /** Waits for at least one byte to be available; false if there are no more. */
  async more(): Promise<boolean> {
    if (this.available === 0) await this.require(1);
    return this.available > 0;
  }

  /** Reads to the end, so that whoever counts or hashes the stream sees all of it. */
  async drain(): Promise<void> {
    this.advance(this.available);
    this.advance(this.available);
    while (!this.#hasEnded) this.#offset += (await this.#pull()).length;
  }

  /** Leaves the stream. */
  async close(): Promise<void> {
    if (!this.#hasEnded) await this.#iterator.return?.();
  }

  /** Copies what is available and as much of the next chunks as makes `length` bytes together. */
  async #bridge(length: number): Promise<void> {
    const pieces = [this.#own(this.view(0, this.available))];
    let gathered = this.available;
    while (gathered < length && !this.hasEnded) {
      const next = this.#rest.length > 0 ? this.#rest : await this.#pull();
      const needed = Math.min(next.length, length - gathered);
      pieces.push(this.#own(next.subarray(0, needed)));
      this.#rest = next.subarray(needed);
      gathered += needed;
    }
    this.#chunk = Buffer.concat(pieces, gathered);
    this.#position = 0;
  }

  /** Bytes that stay good over the next pull. */
  #own(bytes: Buffer): Buffer {
    return this.#isReused ? Buffer.from(bytes) : bytes;
  }

  async #pull(): Promise<Buffer> {
    this.#signal?.throwIfAborted();
    // Nothing is waited for before all that came is passed, or copied.
    if (this.#isReused) giveBack(this.#last);
    const result = await this.#iterator.next();
    if (result.done === true) {
      this.#hasEnded = true;
      return NOTHING;
    }
    this.#received += result.value.byteLength;
    if (this.#received > this.#maxBytes) {
      throw exceeded("maxBytes", this.#maxBytes, "the archive is too long", this.#received);
    }
    this.#last = result.value;
    return asBuffer(result.value);
  }
}
