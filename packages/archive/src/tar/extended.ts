import type { Limits } from "../limits.ts";
import type { PathString, Timestamp } from "./entry.ts";
import { exceeded, invalid } from "./fault.ts";
import { parseDecimal } from "./number.ts";
import { visitPaxRecords } from "./pax-record.ts";
import { decodePath } from "./path.ts";
import { parsePaxTime } from "./time.ts";
import { parseXattrRecord } from "./xattr.ts";

export type PaxRecords = ReadonlyMap<string, Buffer>;

export const NO_RECORDS: PaxRecords = new Map();
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** An offset and a length of format 0.0's sparse map, which repeats its keys. */
export type SparsePair = readonly [offset: number | undefined, length: number | undefined];

/** They are looked through for each member, so many of them would cost far more than they weigh. */
const MAX_GLOBAL_RECORDS = 1000;

export interface LocalRecords {
  readonly records: PaxRecords;
  readonly sparsePairs: readonly SparsePair[];
}

/** The records of an extended header for one member. Where a key is repeated the last one holds. */
export function parseLocalRecords(body: Buffer, offset: number): LocalRecords {
  const records = new Map<string, Buffer>();
  const sparsePairs: SparsePair[] = [];
  let pairOffset: number | undefined;
  visitPaxRecords(body, offset, (key, value) => {
    if (key === "GNU.sparse.offset") {
      pairOffset = parseDecimal(value.toString("latin1"));
    } else if (key === "GNU.sparse.numbytes") {
      sparsePairs.push([pairOffset, parseDecimal(value.toString("latin1"))]);
      pairOffset = undefined;
    } else {
      records.set(key, value);
    }
  });
  return { records, sparsePairs };
}

/** The global records after one more global header: an empty value deletes. */
export function withGlobalRecords(globals: PaxRecords, body: Buffer, offset: number): PaxRecords {
  const records = new Map(globals);
  visitPaxRecords(body, offset, (key, value) => {
    // The memory is the chunk's; what holds for the rest of the archive must not hold on to it.
    if (value.length === 0) records.delete(key);
    else records.set(key, Buffer.from(value));
  });
  if (records.size > MAX_GLOBAL_RECORDS) {
    throw invalid(`more than ${MAX_GLOBAL_RECORDS} global records`, offset);
  }
  return records;
}

/**
 * What holds for one member. An empty value of its own deletes a global record and lets the plain
 * header speak; but an extended attribute, of which there is none to delete, is just empty.
 */
export function mergeRecords(globals: PaxRecords, local: PaxRecords): PaxRecords {
  if (local.size === 0) return globals;
  const merged = new Map(globals);
  for (const [key, value] of local) {
    if (value.length > 0 || (key.startsWith("SCHILY.xattr.") && !globals.has(key))) merged.set(key, value);
    else merged.delete(key);
  }
  return merged;
}

/** A path of a record; `TAR_INVALID` where it holds a NUL, which other readers would cut it at. */
export function pathRecord(
  records: PaxRecords,
  key: string,
  limits: Limits,
  offset: number,
): PathString | undefined {
  const value = records.get(key);
  return value === undefined ? undefined : checkedPath(value, limits, offset);
}

/** A path out of an extended header, bounded. */
export function checkedPath(value: Buffer, limits: Limits, offset: number): PathString {
  if (value.length > limits.maxPathBytes) {
    throw exceeded("maxPathBytes", limits.maxPathBytes, `a path of ${value.length} bytes`, offset);
  }
  if (value.includes(0)) throw invalid("a path in an extended header holds a NUL", offset);
  return decodePath(value);
}

export function numberRecord(records: PaxRecords, key: string, offset: number): number | undefined {
  const value = records.get(key);
  if (value === undefined) return undefined;
  const number = parseDecimal(value.toString("latin1"));
  if (number === undefined) throw invalid(`${key} in an extended header is no number`, offset);
  return number;
}

export function timeRecord(records: PaxRecords, key: string, offset: number): Timestamp | undefined {
  const value = records.get(key);
  if (value === undefined) return undefined;
  const time = parsePaxTime(value.toString("latin1"));
  if (time === undefined) throw invalid(`${key} in an extended header is no time`, offset);
  return time;
}

/** The extended attributes among the records; one that is there in both spellings counts once. */
export function xattrRecords(
  records: PaxRecords,
  limits: Limits,
  offset: number,
): ReadonlyMap<string, Uint8Array> {
  let xattrs: Map<string, Uint8Array> | undefined;
  let size = 0;
  for (const [key, value] of records) {
    const xattr = parseXattrRecord(key, value);
    if (xattr === undefined) continue;
    size += xattr.name.length + xattr.value.byteLength;
    if (size > limits.maxXattrBytes) {
      throw exceeded("maxXattrBytes", limits.maxXattrBytes, "too many extended attributes", offset);
    }
    xattrs ??= new Map();
    xattrs.set(xattr.name, xattr.value);
  }
  return xattrs ?? NO_XATTRS;
}
