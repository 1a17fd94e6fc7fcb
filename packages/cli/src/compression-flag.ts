import type { LayerCompressionOptions } from "@cooper/transport";

/** `none`, `gzip`, `zstd`, or one with a level: `zstd:9`. */
export function parseCompression(input: string): LayerCompressionOptions {
  const [, compression, level] = /^(none|gzip|zstd)(?::(\d{1,2}))?$/.exec(input) ?? [];
  if (compression !== "none" && compression !== "gzip" && compression !== "zstd") {
    throw new Error("write none, gzip or zstd, or a level too: gzip:9, zstd:19");
  }
  if (level === undefined) return { compression };
  const highest = { none: -1, gzip: 9, zstd: 19 }[compression];
  if (Number(level) > highest) {
    throw new Error(highest < 0 ? "none has no levels" : `${compression} has levels up to ${highest}`);
  }
  return { compression, level: Number(level) };
}
