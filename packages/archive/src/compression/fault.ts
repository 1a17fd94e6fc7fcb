import { ArchiveError } from "../errors.ts";
import type { Compression } from "./compression.ts";

/** The data are damaged: `what` is a clause such as "the checksum is wrong". */
export function damaged(compression: Compression, what: string, cause?: unknown): ArchiveError {
  return new ArchiveError("COMPRESSION_INVALID", `the ${compression} data are damaged: ${what}`, {
    cause,
    advice: "Get the file again.",
    fields: { compression },
  });
}

/** The stream ended where more had to come. */
export function cutShort(compression: Compression, cause?: unknown): ArchiveError {
  return new ArchiveError("TRUNCATED", `the ${compression} data end too early`, {
    cause,
    advice: "A part is missing: get the file again.",
    fields: { compression },
  });
}

/** Valid, but of a kind that is not read. */
export function unsupported(compression: Compression, what: string, advice: string): ArchiveError {
  return new ArchiveError("COMPRESSION_UNSUPPORTED", `cannot decompress this ${compression}: ${what}`, {
    advice,
    fields: { compression },
  });
}

/** What a decoder of zlib's threw, in our words; an error of anyone else stays as it is. */
export function decoderFault(compression: Compression, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "Z_BUF_ERROR") return cutShort(compression, error);
  if (error instanceof Error && /^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE)/.test(code)) {
    return damaged(compression, error.message, error);
  }
  return error;
}
