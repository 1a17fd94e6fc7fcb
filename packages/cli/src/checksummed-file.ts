import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";

/** The checksum at the end: V8 takes whatever bytes begin as its own do. */
const CHECKSUM_BYTES = 4;

/** What `writeChecksummed` wrote; undefined where that is not there, or not all of it. */
export function readChecksummed(path: string): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const data = bytes.subarray(0, -CHECKSUM_BYTES);
  if (data.length === 0 || bytes.readUInt32LE(data.length) !== crc32(data)) return undefined;
  return data;
}

/** Writes aside and renames. Throws what the file system does, and leaves nothing then. */
export function writeChecksummed(path: string, data: Buffer): void {
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(data));
  const aside = `${path}.${process.pid}`;
  try {
    writeFileSync(aside, Buffer.concat([data, checksum]));
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
