import { inflateRawSync } from "node:zlib";

export interface GzipMember {
  readonly content: Buffer;
  /** Where the next one starts. */
  readonly end: number;
}

/** Why there is no member: the bytes end in it; it gives more than the limit; it is no gzip. */
export type GzipFault = "cut-short" | "too-large" | "damaged";

/**
 * The first gzip member of some bytes (RFC 1952). apk files are several, one behind the other, and it
 * matters where each ends, which a decoder for whole files does not say. The checksum at its end is
 * passed over: what is read so is checked by a signature or a digest.
 */
export function firstGzipMember(bytes: Buffer, limit: number): GzipMember | GzipFault {
  const start = headerLength(bytes);
  if (typeof start === "string") return start;
  let inflated: { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
  try {
    // With `info` Node also tells how much was read, which its types do not say.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    inflated = inflateRawSync(bytes.subarray(start), {
      info: true,
      maxOutputLength: limit,
    }) as unknown as typeof inflated;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") return "too-large";
    return code === "Z_BUF_ERROR" ? "cut-short" : "damaged";
  }
  const end = start + inflated.engine.bytesWritten + 8;
  return end > bytes.length ? "cut-short" : { content: inflated.buffer, end };
}

function headerLength(bytes: Buffer): number | GzipFault {
  if (bytes.length < 18) return "cut-short";
  if (bytes.readUInt16BE(0) !== 0x1f8b || bytes[2] !== 8) return "damaged";
  const flags = bytes.readUInt8(3);
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + bytes.readUInt16LE(at);
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    at = bytes.indexOf(0, at) + 1;
    if (at === 0) return "cut-short";
  }
  if ((flags & 2) !== 0) at += 2;
  return at >= bytes.length ? "cut-short" : at;
}
