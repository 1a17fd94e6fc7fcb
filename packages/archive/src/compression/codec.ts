import { once } from "node:events";
import type { Transform } from "node:stream";
import type { ByteStream } from "../bytes.ts";

/**
 * Sends a stream through one of zlib's transforms. Each end is closed when either fails or the
 * reader leaves; the reader's pace holds back the source.
 */
export async function* throughCodec(stream: ByteStream, codec: Transform): ByteStream {
  const feeding = feed(stream, codec);
  feeding.catch(() => {}); // it destroys the codec with its error, which the loop below then throws
  try {
    yield* codec as AsyncIterable<Buffer>;
  } finally {
    codec.destroy();
    await feeding.catch(() => {});
  }
}

async function feed(stream: ByteStream, codec: Transform): Promise<void> {
  try {
    for await (const chunk of stream) {
      if (codec.destroyed) return;
      if (!codec.write(chunk)) await Promise.race([once(codec, "drain"), once(codec, "close")]);
      if (codec.destroyed) return;
    }
    codec.end();
  } catch (error) {
    codec.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
