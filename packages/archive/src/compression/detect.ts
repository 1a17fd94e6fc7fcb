import type { ByteStream } from "../bytes.ts";
import { peek } from "../peek.ts";
import type { Compression } from "./compression.ts";

export interface Detected {
  readonly compression: Compression;
  /** The whole stream again, from its first byte. It must be read or discarded. */
  readonly stream: ByteStream;
}

/** Tells by the first bytes how a stream is compressed; names and media types are not believed. */
export async function detectCompression(stream: ByteStream): Promise<Detected> {
  const { head, stream: whole } = await peek(stream, HEAD_SIZE);
  return { compression: compressionOf(head), stream: whole };
}

const HEAD_SIZE = 13;

function compressionOf(head: Buffer): Compression {
  // RFC 1952, 2.3.1: two magic bytes and the only method there is. A tar cannot begin so: it starts with a name.
  if (head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  // RFC 8878, 3.1.1 and 3.1.2: a file may also begin with a skippable frame, as pzstd's do.
  if (head.length >= 4) {
    const magic = head.readUInt32LE(0);
    if (magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) return "zstd";
  }
  if (head.subarray(0, 6).equals(XZ_MAGIC)) return "xz";
  // "BZh" alone may begin a name in a tar: the block size and the first block's magic (or, of an
  // empty file, the end's) make it sure.
  if (head.length >= 10 && head.toString("latin1", 0, 3) === "BZh") {
    const level = head[3] ?? 0;
    const magic = head.toString("hex", 4, 10);
    if (level >= 0x31 && level <= 0x39 && (magic === "314159265359" || magic === "177245385090"))
      return "bzip2";
  }
  return isLzma(head) ? "lzma" : "none";
}

/**
 * LZMA Utils wrote no magic: the properties, the size of the dictionary and that of the content. As
 * liblzma tells them (lzma_auto_decoder): a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that
 * is unknown or below 256 GiB. A tar begins with a name, which has no zeros before its end.
 */
function isLzma(head: Buffer): boolean {
  if (head.length < 13 || (head[0] ?? 255) >= 9 * 5 * 5) return false;
  const dictionary = head.readUInt32LE(1);
  if (dictionary < 4096) return false;
  const highest = 2 ** (31 - Math.clz32(dictionary));
  if (dictionary !== highest && dictionary !== highest + highest / 2) return false;
  const size = head.readBigUInt64LE(5);
  return size === 2n ** 64n - 1n || size < 2n ** 38n;
}

const XZ_MAGIC: Buffer = Buffer.from("fd377a585a00", "hex");
