import type { ByteStream } from "./bytes.ts";

export interface Peeked {
  /** The first bytes; fewer than asked for only if the stream has no more. */
  readonly head: Buffer;
  /** The whole stream again, from its first byte. It must be read or discarded: the source is open. */
  readonly stream: ByteStream;
}

/** Looks at the first `length` bytes of a stream without losing them. */
export async function peek(stream: ByteStream, length: number): Promise<Peeked> {
  const source = stream[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  while (size < length) {
    // oxlint-disable-next-line no-await-in-loop
    const result = await source.next();
    if (result.done === true) {
      ended = true;
      break;
    }
    taken.push(result.value);
    size += result.value.byteLength;
  }
  const head = Buffer.concat(taken, size).subarray(0, length);
  return { head, stream: new Rejoined(taken, source, ended) };
}

/** Not a generator: closing one that never started would not close the source, which is open. */
class Rejoined implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #taken: Uint8Array[];
  readonly #source: AsyncIterator<Uint8Array>;
  #ended: boolean;

  constructor(taken: Uint8Array[], source: AsyncIterator<Uint8Array>, ended: boolean) {
    this.#taken = taken;
    this.#source = source;
    this.#ended = ended;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#taken.shift();
    if (chunk !== undefined) return { done: false, value: chunk };
    if (this.#ended) return { done: true, value: undefined };
    const result = await this.#source.next();
    if (result.done !== true) return { done: false, value: result.value };
    this.#ended = true;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#taken.length = 0;
    if (!this.#ended) {
      this.#ended = true;
      await this.#source.return?.();
    }
    return { done: true, value: undefined };
  }
}
