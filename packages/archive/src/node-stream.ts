import { Readable } from "node:stream";
import type { ByteStream } from "./bytes.ts";

/** A stream's bytes for an interface of Node that wants a `Readable`; destroying it closes the source. */
export function toReadable(stream: ByteStream): Readable {
  return Readable.from(stream, { objectMode: false, highWaterMark: 1024 * 1024 });
}

/**
 * The bytes of a Node `Readable`. Leaving early, also before the first chunk, destroys it; a stream
 * that is cut off without an end is an error and not an end.
 */
export function fromReadable(readable: Readable): ByteStream {
  const source: AsyncIterator<Uint8Array | string> = readable[Symbol.asyncIterator]();
  const iterator: AsyncIterableIterator<Uint8Array, undefined> = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      const result = await source.next();
      if (result.done === true) return { done: true, value: undefined };
      const chunk = result.value;
      return { done: false, value: typeof chunk === "string" ? Buffer.from(chunk) : chunk };
    },
    return: async () => {
      readable.destroy(); // its own iterator does not, if it never started
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}
