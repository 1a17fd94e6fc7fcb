import type { ByteStream, Cancellable } from "../bytes.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import type { Limits } from "../limits.ts";
import { ByteSource } from "../tar/byte-source.ts";
import { boundOut, countIn } from "./bounds.ts";
import { bunzip2 } from "./bzip2/reader.ts";
import type { Compression } from "./compression.ts";
import { detectCompression } from "./detect.ts";
import { gunzip } from "./gzip/reader.ts";
import { unlzma, unxz } from "./xz/reader.ts";
import { unzstd } from "./zstd/reader.ts";

export interface DecompressOptions extends Cancellable {
  /** `maxBytes`, `maxRatio` and `ratioFloor` are looked at; default `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * The bytes behind a compressed stream. What compressed it is told by its first bytes; a stream
 * that is not compressed is given as it is. Members, frames or streams one after the other are all
 * read, as their own programs do, and every checksum in them is checked before the end is signalled.
 *
 * `COMPRESSION_INVALID`, `COMPRESSION_UNSUPPORTED`, `LIMIT_EXCEEDED`, `TRUNCATED`
 */
export async function* decompress(stream: ByteStream, options: DecompressOptions = {}): ByteStream {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const passed = { in: 0, out: 0 };
  const detected = await detectCompression(countIn(stream, passed, options));
  const content = decoded(detected.stream, detected.compression);
  yield* boundOut(content, passed, limits, options);
}

async function* decoded(stream: ByteStream, compression: Compression): ByteStream {
  if (compression === "none") {
    yield* stream;
    return;
  }
  // The others may look back at what came before.
  const memory = compression === "gzip" ? "reused" : "kept";
  const source = new ByteSource(stream, { maxBytes: Infinity, signal: undefined, memory });
  try {
    yield* DECODERS[compression](source);
  } finally {
    await source.close();
  }
}

const DECODERS: Readonly<Record<Exclude<Compression, "none">, (source: ByteSource) => ByteStream>> = {
  gzip: gunzip,
  zstd: unzstd,
  xz: unxz,
  lzma: unlzma,
  bzip2: bunzip2,
};
