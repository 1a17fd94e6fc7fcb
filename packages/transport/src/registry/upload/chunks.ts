import type { ByteStream } from "@cooper/archive";

/** One stream, given out in pieces of a wanted length, one after the other. */
export class Chunks {
  /** Bytes given out so far. */
  given = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array | undefined;
  #ended = false;

  constructor(stream: ByteStream) {
    this.#source = stream[Symbol.asyncIterator]();
  }

  /** Whether anything is left; at the end of a stream that checks itself, its verdict is thrown here. */
  async more(): Promise<boolean> {
    while (!this.#ended && (this.#rest === undefined || this.#rest.byteLength === 0)) {
      // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
      const result = await this.#source.next();
      if (result.done === true) this.#ended = true;
      else this.#rest = result.value;
    }
    return !this.#ended;
  }

  /** Up to `length` bytes. Given up early, the bytes that it had taken are gone. */
  async *take(length: number): ByteStream {
    let left = length;
    // oxlint-disable-next-line no-await-in-loop
    while (left > 0 && (await this.more())) {
      const rest = this.#rest ?? new Uint8Array(0);
      const given = rest.subarray(0, left);
      this.#rest = given.byteLength === rest.byteLength ? undefined : rest.subarray(given.byteLength);
      left -= given.byteLength;
      this.given += given.byteLength;
      yield given;
    }
  }

  /** Passes over bytes that the other side has already. */
  async skip(length: number): Promise<void> {
    let left = length;
    for await (const chunk of this.take(length)) left -= chunk.byteLength;
    if (left > 0) throw new RangeError(`the content ends ${left} bytes before where it was to go on`);
  }

  /** Closes the source, wherever it is. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#rest = undefined;
    await this.#source.return?.();
  }
}
