import { execFileSync } from "node:child_process";
import { gzipSync, zstdCompressSync } from "node:zlib";

const PIECE = Buffer.alloc(16 * 2 ** 20);
/** What comes out of a bomb, bytes. */
export const BOMB_BYTES = 10 * 2 ** 30;

const COMPRESSIONS = {
  gzip: (bytes: Buffer) => gzipSync(bytes),
  zstd: (bytes: Buffer) => zstdCompressSync(bytes),
  xz: (input: Buffer) => execFileSync("xz", ["--stdout"], { input, maxBuffer: 2 ** 26 }),
} as const;

/**
 * A few kilobytes or megabytes that decompress to `head` and 10 GiB of zeros: pieces one behind the
 * other (members, frames, streams), each of which is whole, so that the program need see only one of them.
 */
export function makeBomb(compression: keyof typeof COMPRESSIONS, head: Buffer): Buffer {
  const compressed = COMPRESSIONS[compression];
  const piece = compressed(PIECE);
  const pieces = Array.from({ length: BOMB_BYTES / PIECE.length }, () => piece);
  return Buffer.concat([compressed(head), ...pieces]);
}
