import type { ByteStream } from "./bytes.ts";

const origins = new WeakMap<ByteStream, ByteStream>();

/**
 * Says of a stream that it passes another one's bytes on, all of them and nothing else, and ends when
 * that has ended: what is promised or counted of that one holds for it too. Gives it back.
 */
export function sameBytes(stream: ByteStream, source: ByteStream): ByteStream {
  origins.set(stream, originOf(source));
  return stream;
}

/** The stream that these bytes first came as, as far as that was said. */
export function originOf(stream: ByteStream): ByteStream {
  return origins.get(stream) ?? stream;
}
