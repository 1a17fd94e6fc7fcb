import { LzmaDecoder } from "@cooper/sys";
import type { ByteStream } from "../../bytes.ts";
import type { ByteSource } from "../../tar/byte-source.ts";
import { unsupported } from "../fault.ts";
import { MEMORY_LIMIT, unxzByLibrary } from "./library.ts";
import { unxzByWasm } from "./wasm-reader.ts";

/**
 * Reads xz: all streams, with padding between and after them.
 *
 * By liblzma where there is one, npm's or the host's: it is two to three times as fast, works on threads of
 * its own, and knows every kind of check and filter. Otherwise by WebAssembly, which lacks SHA-256 checks. `COMPRESSION_INVALID`, `COMPRESSION_UNSUPPORTED`, `TRUNCATED`
 */
export async function* unxz(source: ByteSource): ByteStream {
  const decoder = LzmaDecoder.open({ format: "xz", memoryLimit: MEMORY_LIMIT });
  yield* decoder === undefined ? unxzByWasm(source) : unxzByLibrary(source, decoder, "xz");
}

/** Reads what LZMA Utils wrote, before there was xz. The same codes; `COMPRESSION_UNSUPPORTED` without liblzma. */
export async function* unlzma(source: ByteSource): ByteStream {
  const decoder = LzmaDecoder.open({ format: "lzma", memoryLimit: MEMORY_LIMIT });
  if (decoder === undefined) {
    throw unsupported("lzma", "only liblzma reads it", "Install the package liblzma5.");
  }
  yield* unxzByLibrary(source, decoder, "lzma");
}
