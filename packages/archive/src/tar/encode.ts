import { asBuffer } from "../bytes.ts";
import { ArchiveError } from "../errors.ts";
import { BLOCK_SIZE, type Field, FIELD, paddingOf } from "./block.ts";
import type { EntryType, TarEntry, Timestamp } from "./entry.ts";
import { paxRecord } from "./pax-record.ts";
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
  const fields = fieldsOf(entry);
  const records = recordsOf(fields, entry);
  const { name, linkName, mode, uid, gid, size, mtime } = fields;
  const start = sizeOfExtension(records);
  const header = Buffer.allocUnsafe(start + BLOCK_SIZE);
  if (records !== "") {
    writeExtendedHeader(header, records, name, mtime);
    header.fill(0, BLOCK_SIZE + records.length, start);
  }

  TEMPLATE.copy(header, start);
  header.write(name, start, FIELD.name.length, "latin1");
  header.write(linkName, start + FIELD.linkName.offset, FIELD.linkName.length, "latin1");
  writeOctal(header, start, FIELD.mode, mode);
  writeOctal(header, start, FIELD.uid, uid > MAX_OCTAL_7 ? 0 : uid);
  writeOctal(header, start, FIELD.gid, gid > MAX_OCTAL_7 ? 0 : gid);
  writeOctal(header, start, FIELD.size, size > MAX_OCTAL_11 ? 0 : size);
  const seconds = mtime.seconds >= 0 && mtime.seconds <= MAX_OCTAL_11 ? mtime.seconds : 0;
  writeOctal(header, start, FIELD.mtime, seconds);
  header[start + FIELD.typeFlag.offset] = TYPE_FLAG[entry.type].charCodeAt(0);
  if (entry.type === "character-device" || entry.type === "block-device") {
    const major = inRange(entry.deviceMajor ?? 0, MAX_OCTAL_7, "deviceMajor", entry);
    const minor = inRange(entry.deviceMinor ?? 0, MAX_OCTAL_7, "deviceMinor", entry);
    writeOctal(header, start, FIELD.deviceMajor, major);
    writeOctal(header, start, FIELD.deviceMinor, minor);
  }
  writeChecksum(header, start);
  return header;
}

/** How many bytes `encodeHeader` makes of the entry. The same errors but for device numbers. */
export function headerSize(entry: TarEntryInput): number {
  return sizeOfExtension(recordsOf(fieldsOf(entry), entry)) + BLOCK_SIZE;
}

interface Fields {
  /** One character per byte, as all text on its way into a header. */
  readonly name: string;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: Timestamp;
}

function fieldsOf(entry: TarEntryInput): Fields {
  const { path, type } = entry;
  const isLink = type === "symlink" || type === "hardlink";
  return {
    name: nameBytes(
      type === "directory" ? `${stripTrailingSlashes(path)}/` : stripTrailingSlashes(path),
      entry,
    ),
    linkName: isLink ? nameBytes(entry.linkPath ?? "", entry) : "",
    mode: inRange(entry.mode ?? DEFAULT_MODE[type], 0o7777, "mode", entry),
    uid: inRange(entry.uid ?? 0, Number.MAX_SAFE_INTEGER, "uid", entry),
    gid: inRange(entry.gid ?? 0, Number.MAX_SAFE_INTEGER, "gid", entry),
    size: type === "file" ? inRange(entry.size ?? 0, Number.MAX_SAFE_INTEGER, "size", entry) : 0,
    mtime: checkedTime(entry.mtime ?? EPOCH, entry),
  };
}

/** The records of an extended header, for what the plain one cannot hold. */
function recordsOf({ name, linkName, uid, gid, size, mtime }: Fields, entry: TarEntryInput): string {
  // GNU tar keeps the records in this order, and the bytes are to equal its.
  let records = "";
  if (linkName.length > FIELD.linkName.length) records += paxRecord("linkpath", linkName);
  if (name.length > FIELD.name.length || !isAscii(name)) records += paxRecord("path", name);
  if (uid > MAX_OCTAL_7) records += paxRecord("uid", String(uid));
  if (gid > MAX_OCTAL_7) records += paxRecord("gid", String(gid));
  if (size > MAX_OCTAL_11) records += paxRecord("size", String(size));
  const isPlainTime = mtime.nanoseconds === 0 && mtime.seconds >= 0 && mtime.seconds <= MAX_OCTAL_11;
  if (!isPlainTime) records += paxRecord("mtime", formatPaxTime(mtime));
  if (entry.xattrs !== undefined && entry.xattrs.size > 0) {
    for (const [key, value] of sortedXattrs(entry.xattrs, entry)) records += paxRecord(key, value);
  }
  return records;
}

/** The extended header before the plain one: a block, and the records up to the end of theirs. */
function sizeOfExtension(records: string): number {
  return records === "" ? 0 : BLOCK_SIZE + records.length + paddingOf(records.length);
}

/** The two blocks of zeros that end an archive. */
export function encodeTrailer(): Buffer {
  return Buffer.alloc(2 * BLOCK_SIZE);
}

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
writeOctal(TEMPLATE, 0, FIELD.deviceMajor, 0);
writeOctal(TEMPLATE, 0, FIELD.deviceMinor, 0);

function writeExtendedHeader(header: Buffer, records: string, name: string, mtime: Timestamp): void {
  BLANK.copy(header);
  header.write(extendedHeaderName(name), 0, FIELD.name.length, "latin1");
  writeOctal(header, 0, FIELD.mode, 0o644);
  writeOctal(header, 0, FIELD.uid, 0);
  writeOctal(header, 0, FIELD.gid, 0);
  writeOctal(header, 0, FIELD.size, records.length);
  writeOctal(header, 0, FIELD.mtime, Math.min(Math.max(mtime.seconds, 0), MAX_OCTAL_11));
  header[FIELD.typeFlag.offset] = "x".charCodeAt(0);
  writeChecksum(header, 0);
  header.write(records, BLOCK_SIZE, "latin1");
}

/** `%d/PaxHeaders/%f`: what a tar that knows no extended headers unpacks them as. */
function extendedHeaderName(name: string): string {
  const end = name.length > 1 && name.endsWith("/") ? name.length - 1 : name.length;
  const slash = end > 1 ? name.lastIndexOf("/", end - 1) : -1;
  let directoryEnd = slash;
  while (directoryEnd > 0 && name[directoryEnd - 1] === "/") directoryEnd--;
  const directory = slash < 0 ? "." : name.slice(0, directoryEnd);
  return `${directory}/PaxHeaders/${name.slice(slash + 1, end)}`;
}

/** Digits with leading zeros, then a NUL. The value fits: callers see to that. */
function writeOctal(header: Buffer, start: number, field: Field, value: number): void {
  const first = start + field.offset;
  const last = first + field.length - 1;
  header[last] = 0;
  let rest = value;
  for (let i = last - 1; i >= first; i--) {
    header[i] = 0x30 + (rest % 8);
    rest = rest > 0x7fffffff ? Math.floor(rest / 8) : rest >> 3;
  }
}

/** The writer never uses the field for a prefix, nor what comes after it: only zeros. */
const USED_SIZE = FIELD.prefix.offset;

function writeChecksum(header: Buffer, start: number): void {
  const { offset, length } = FIELD.checksum;
  let sum = length * 0x20;
  for (let i = 0; i < offset; i++) sum += header[start + i] ?? 0;
  for (let i = offset + length; i < USED_SIZE; i++) sum += header[start + i] ?? 0;
  // Six digits, NUL, space: as every tar has written this one field since 1979.
  writeOctal(header, start, CHECKSUM_DIGITS, sum);
  header[start + offset + length - 1] = 0x20;
}

const CHECKSUM_DIGITS: Field = { offset: FIELD.checksum.offset, length: 7 };

function isAscii(bytes: string): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** A name's bytes, one a character. */
function nameBytes(name: string, entry: TarEntryInput): string {
  if (entry.path === "" || name === "" || name.includes("\0")) {
    throw unwritable(
      entry,
      name === "" || entry.path === "" ? "has an empty name or target" : "has a NUL in its name or target",
    );
  }
  return isAscii(name) ? name : encodePath(name).toString("latin1");
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

/** Sorted by the bytes of their names. Keys and values have one character per byte. */
function sortedXattrs(
  xattrs: ReadonlyMap<string, Uint8Array>,
  entry: TarEntryInput,
): readonly (readonly [key: string, value: string])[] {
  return [...xattrs]
    .map(([name, value]) => ({ name: nameBytes(name, entry), value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => [xattrKey(name), asBuffer(value).toString("latin1")]);
}

function unwritable(entry: TarEntryInput, why: string): ArchiveError {
  return new ArchiveError("TAR_ENTRY_INVALID", `cannot write ${JSON.stringify(entry.path)}: it ${why}`, {
    fields: { path: entry.path },
  });
}
