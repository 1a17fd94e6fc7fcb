import { ArchiveError } from "../errors.ts";
import { BLOCK_SIZE, type Field, FIELD, paddingOf, unsignedSum } from "./block.ts";
import type { EntryType, TarEntry, Timestamp } from "./entry.ts";
import { encodePaxRecord } from "./pax-record.ts";
import { encodePath, stripTrailingSlashes } from "./path.ts";
import { formatPaxTime } from "./time.ts";
import { xattrKey } from "./xattr.ts";

/**
 * What the writer makes of a member is fixed for each version: a change that gives other bytes for
 * any input that could be written before raises it (docs/tar.md).
 */
export const TAR_WRITER_VERSION = 1;

/** A member to be written. What is left out is 0, empty, or 644 (755 directories, 777 symlinks). */
export type TarEntryInput = Pick<TarEntry, "path" | "type"> & {
  readonly [Key in keyof TarEntry]?: TarEntry[Key] | undefined;
};

/**
 * The header of a member: one block, or three and more where it needs an extended header. User and
 * group names are not written. The content and its padding to `BLOCK_SIZE` are for the caller to
 * write after it. `TAR_ENTRY_INVALID` where the entry cannot be written.
 */
export function encodeHeader(entry: TarEntryInput): Buffer {
  const { path, type } = entry;
  const isLink = type === "symlink" || type === "hardlink";
  const name = nameBytes(
    type === "directory" ? `${stripTrailingSlashes(path)}/` : stripTrailingSlashes(path),
    entry,
  );
  const linkName = isLink ? nameBytes(entry.linkPath ?? "", entry) : NO_BYTES;
  const mode = inRange(entry.mode ?? DEFAULT_MODE[type], 0o7777, "mode", entry);
  const uid = inRange(entry.uid ?? 0, Number.MAX_SAFE_INTEGER, "uid", entry);
  const gid = inRange(entry.gid ?? 0, Number.MAX_SAFE_INTEGER, "gid", entry);
  const size = type === "file" ? inRange(entry.size ?? 0, Number.MAX_SAFE_INTEGER, "size", entry) : 0;
  const mtime = checkedTime(entry.mtime ?? EPOCH, entry);

  // GNU tar keeps the records in this order, and the bytes are to equal its.
  let records: Buffer[] | undefined;
  const add = (key: string, value: Uint8Array | string): void => {
    records ??= [];
    records.push(encodePaxRecord(key, typeof value === "string" ? Buffer.from(value, "latin1") : value));
  };
  if (linkName.length > FIELD.linkName.length) add("linkpath", linkName);
  if (name.length > FIELD.name.length || !isAscii(name)) add("path", name);
  if (uid > MAX_OCTAL_7) add("uid", String(uid));
  if (gid > MAX_OCTAL_7) add("gid", String(gid));
  if (size > MAX_OCTAL_11) add("size", String(size));
  const isPlainTime = mtime.nanoseconds === 0 && mtime.seconds >= 0 && mtime.seconds <= MAX_OCTAL_11;
  if (!isPlainTime) add("mtime", formatPaxTime(mtime));
  if (entry.xattrs !== undefined && entry.xattrs.size > 0) {
    for (const [key, value] of sortedXattrs(entry.xattrs, entry)) add(key, value);
  }

  const extended = records === undefined ? undefined : Buffer.concat(records);
  const extendedSize = extended === undefined ? 0 : BLOCK_SIZE + extended.length + paddingOf(extended.length);
  const header = Buffer.allocUnsafe(extendedSize + BLOCK_SIZE);
  if (extended !== undefined) {
    writeExtendedHeader(header, extended, name, mtime);
    header.fill(0, BLOCK_SIZE + extended.length, extendedSize);
  }

  const block = extendedSize === 0 ? header : header.subarray(extendedSize);
  TEMPLATE.copy(block);
  name.copy(block, FIELD.name.offset, 0, FIELD.name.length);
  linkName.copy(block, FIELD.linkName.offset, 0, FIELD.linkName.length);
  writeOctal(block, FIELD.mode, mode);
  writeOctal(block, FIELD.uid, uid > MAX_OCTAL_7 ? 0 : uid);
  writeOctal(block, FIELD.gid, gid > MAX_OCTAL_7 ? 0 : gid);
  writeOctal(block, FIELD.size, size > MAX_OCTAL_11 ? 0 : size);
  writeOctal(block, FIELD.mtime, mtime.seconds >= 0 && mtime.seconds <= MAX_OCTAL_11 ? mtime.seconds : 0);
  block[FIELD.typeFlag.offset] = TYPE_FLAG[type].charCodeAt(0);
  if (type === "character-device" || type === "block-device") {
    writeOctal(block, FIELD.deviceMajor, inRange(entry.deviceMajor ?? 0, MAX_OCTAL_7, "deviceMajor", entry));
    writeOctal(block, FIELD.deviceMinor, inRange(entry.deviceMinor ?? 0, MAX_OCTAL_7, "deviceMinor", entry));
  }
  writeChecksum(block);
  return header;
}

/** The two blocks of zeros that end an archive. */
export function encodeTrailer(): Buffer {
  return Buffer.alloc(2 * BLOCK_SIZE);
}

const NO_BYTES = Buffer.alloc(0);
const EPOCH: Timestamp = { seconds: 0, nanoseconds: 0 };
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;

const DEFAULT_MODE: Readonly<Record<EntryType, number>> = {
  file: 0o644,
  directory: 0o755,
  symlink: 0o777,
  hardlink: 0o644,
  "character-device": 0o644,
  "block-device": 0o644,
  fifo: 0o644,
};

const TYPE_FLAG: Readonly<Record<EntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

const BLANK = Buffer.alloc(BLOCK_SIZE);
BLANK.write("ustar\u000000", FIELD.magic.offset, "latin1");

/** GNU tar writes device numbers, of 0, for members that are none; not for extended headers. */
const TEMPLATE = Buffer.from(BLANK);
writeOctal(TEMPLATE, FIELD.deviceMajor, 0);
writeOctal(TEMPLATE, FIELD.deviceMinor, 0);

function writeExtendedHeader(block: Buffer, records: Buffer, name: Buffer, mtime: Timestamp): void {
  BLANK.copy(block);
  extendedHeaderName(name).copy(block, FIELD.name.offset, 0, FIELD.name.length);
  writeOctal(block, FIELD.mode, 0o644);
  writeOctal(block, FIELD.uid, 0);
  writeOctal(block, FIELD.gid, 0);
  writeOctal(block, FIELD.size, records.length);
  writeOctal(block, FIELD.mtime, Math.min(Math.max(mtime.seconds, 0), MAX_OCTAL_11));
  block[FIELD.typeFlag.offset] = "x".charCodeAt(0);
  writeChecksum(block.subarray(0, BLOCK_SIZE));
  records.copy(block, BLOCK_SIZE);
}

/** `%d/PaxHeaders/%f`: what a tar that knows no extended headers unpacks them as. */
function extendedHeaderName(name: Buffer): Buffer {
  const end = name.length > 1 && name[name.length - 1] === 0x2f ? name.length - 1 : name.length;
  const slash = end > 1 ? name.lastIndexOf(0x2f, end - 1) : -1;
  let directoryEnd = slash;
  while (directoryEnd > 0 && name[directoryEnd - 1] === 0x2f) directoryEnd--;
  let directory: Buffer = Buffer.from(".");
  if (slash >= 0) directory = name.subarray(0, directoryEnd);
  return Buffer.concat([directory, Buffer.from("/PaxHeaders/"), name.subarray(slash + 1, end)]);
}

/** Digits with leading zeros, then a NUL. The value fits: callers see to that. */
function writeOctal(block: Buffer, field: Field, value: number): void {
  const last = field.offset + field.length - 1;
  block[last] = 0;
  let rest = value;
  for (let i = last - 1; i >= field.offset; i--) {
    block[i] = 0x30 + (rest % 8);
    rest = rest > 0x7fffffff ? Math.floor(rest / 8) : rest >> 3;
  }
}

function writeChecksum(block: Buffer): void {
  // Six digits, NUL, space: as every tar has written this one field since 1979.
  writeOctal(block, { offset: FIELD.checksum.offset, length: 7 }, unsignedSum(block));
  block[FIELD.checksum.offset + 7] = 0x20;
}

function isAscii(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] ?? 0) > 0x7f) return false;
  return true;
}

function nameBytes(name: string, entry: TarEntryInput): Buffer {
  if (entry.path === "" || name === "" || name.includes("\0")) {
    throw unwritable(
      entry,
      name === "" || entry.path === "" ? "has an empty name or target" : "has a NUL in its name or target",
    );
  }
  return encodePath(name);
}

function inRange(value: number, max: number, field: string, entry: TarEntryInput): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw unwritable(entry, `has ${field} ${value}, which is not a whole number from 0 to ${max}`);
}

function checkedTime(time: Timestamp, entry: TarEntryInput): Timestamp {
  const { seconds, nanoseconds } = time;
  if (Number.isSafeInteger(seconds) && Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9)
    return time;
  throw unwritable(
    entry,
    `has the time ${seconds} s and ${nanoseconds} ns, which are not whole numbers in range`,
  );
}

function sortedXattrs(xattrs: ReadonlyMap<string, Uint8Array>, entry: TarEntryInput): [string, Uint8Array][] {
  const sorted = [...xattrs].map(([name, value]): [Buffer, string, Uint8Array] => {
    return [nameBytes(name, entry), xattrKey(name), value];
  });
  return sorted.toSorted((a, b) => Buffer.compare(a[0], b[0])).map(([, key, value]) => [key, value]);
}

function unwritable(entry: TarEntryInput, why: string): ArchiveError {
  return new ArchiveError("TAR_ENTRY_INVALID", `cannot write ${JSON.stringify(entry.path)}: it ${why}`, {
    fields: { path: entry.path },
  });
}
