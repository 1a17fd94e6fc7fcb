import type { Transform, Writable } from "node:stream";
import type { ByteStream } from "../bytes.ts";

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
    yield* codec as AsyncIterable<Buffer>;
  } finally {
    codec.destroy();
    await feeding;
  }
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
