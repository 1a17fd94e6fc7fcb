import { createGzip, createZstdCompress } from "node:zlib";
import type { ByteStream, Cancellable } from "../bytes.ts";
import { throughCodec } from "./codec.ts";
import type { Compression } from "./compression.ts";

export interface LevelOptions extends Cancellable {
  /** Less is faster, more is smaller: gzip 0 to 9, default 6; zstd 1 to 19, default 3. */
  readonly level?: number | undefined;
}

/** The compressions that Cooper writes. */
export type WritableCompression = Exclude<Compression, "xz" | "bzip2">;

export interface CompressOptions extends LevelOptions {
  readonly compression: WritableCompression;
}

/** Compresses a stream; the same bytes on any machine, with any number of threads. */
export function compress(stream: ByteStream, { compression, ...options }: CompressOptions): ByteStream {
  switch (compression) {
    case "none":
      return stream;
    case "gzip":
      return gzip(stream, options);
    case "zstd":
      return zstd(stream, options);
  }
}

export function gzip(stream: ByteStream, { level = 6 }: LevelOptions = {}): ByteStream {
  return throughCodec(stream, createGzip({ level }));
}

export function zstd(stream: ByteStream, _options: LevelOptions = {}): ByteStream {
  return throughCodec(stream, createZstdCompress());
}
