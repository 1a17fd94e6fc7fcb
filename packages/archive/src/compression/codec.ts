import type { Transform, Writable } from "node:stream";
import type { ByteStream } from "../bytes.ts";
import { lend } from "../reuse.ts";

/**
 * Large pieces, since Node's default of 16 KiB costs half the speed; and two of them may wait, so
 * that the next is decoded while the last is used.
 */
export const DECODER_OPTIONS: { readonly chunkSize: number; readonly readableHighWaterMark: number } = {
  chunkSize: 1024 * 1024,
  readableHighWaterMark: 2 * 1024 * 1024,
};

/** Gives a decoder some bytes; resolves when it has taken what it wants of them, or is closed. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * What comes out of one of zlib's decoders while `feed` puts bytes in. The reader's pace holds back
 * the feeding. When this ends, for whatever reason, the decoder is closed and `feed` has returned.
 */
export async function* throughCodec(codec: Transform, feed: (write: Write) => Promise<void>): ByteStream {
  const feeding = feed(async (bytes) => await writeTo(codec, bytes)).then(
    () => void codec.end(),
    (error: unknown) => void codec.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    for await (const chunk of codec as AsyncIterable<Buffer>) yield freed(chunk);
  } finally {
    codec.destroy();
    await feeding;
  }
}

/** Bytes of a decoder's memory that readers have given back. */
const returned = new WeakMap<ArrayBufferLike, number>();

/**
 * Has the memory of a decoder's output freed when all pieces of it were given back: the decoder has other
 * memory by then, and the collector would look through everything for it.
 */
function freed(chunk: Buffer): Buffer {
  const { buffer, byteLength } = chunk;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== DECODER_OPTIONS.chunkSize) return chunk;
  return lend(chunk, () => {
    const size = (returned.get(buffer) ?? 0) + byteLength;
    if (size < buffer.byteLength) returned.set(buffer, size);
    else buffer.transfer(0);
  });
}

/** Writes to a stream; resolves when it has taken the bytes, or is closed. Errors are the reader's to see. */
async function writeTo(stream: Writable, bytes: Uint8Array): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off("close", done);
      resolve();
    };
    // A stream that is closed while its output waits for a reader never calls back.
    stream.once("close", done);
    stream.write(bytes, done);
  });
}
