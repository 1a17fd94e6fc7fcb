import type { ByteStream } from "../bytes.ts";
import type { Compression } from "./compression.ts";
import { gzip } from "./gzip/writer.ts";
import type { LevelOptions } from "./level.ts";
import { zstd } from "./zstd/writer.ts";

/** The compressions that Cooper writes. */
export type WritableCompression = Exclude<Compression, "xz" | "lzma" | "bzip2">;

export interface CompressOptions extends LevelOptions {
  readonly compression: WritableCompression;
}

/** Compresses a stream, as `gzip` and `zstd` do; with "none" it is given as it is. `LEVEL_INVALID` */
export function compress(stream: ByteStream, { compression, ...options }: CompressOptions): ByteStream {
  switch (compression) {
    case "none":
      return stream;
    case "gzip":
      return gzip(stream, options);
    case "zstd":
      return zstd(stream, options);
    default:
      return compression satisfies never;
  }
}
