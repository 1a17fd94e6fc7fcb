import { createGunzip } from "node:zlib";
import type { ByteStream, Cancellable } from "../bytes.ts";
import { throughCodec } from "./codec.ts";
import { detectCompression } from "./detect.ts";

export type DecompressOptions = Cancellable;

/** The bytes behind a compressed stream, whatever compressed it; a stream that is not compressed is given as it is. */
export async function* decompress(stream: ByteStream, _options: DecompressOptions = {}): ByteStream {
  const detected = await detectCompression(stream);
  if (detected.compression === "none") yield* detected.stream;
  else yield* throughCodec(detected.stream, createGunzip({ chunkSize: 1024 * 1024 }));
}
