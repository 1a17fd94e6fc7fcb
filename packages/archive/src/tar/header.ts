import { BLOCK_SIZE, type Field, FIELD, signedSum, unsignedSum } from "./block.ts";
import type { PathString } from "./entry.ts";
import { invalid } from "./fault.ts";
import { parseNumber, parseOctal } from "./number.ts";
import { decodePath } from "./path.ts";

/** What one header block says, before extended headers have their say. */
export interface Header {
  readonly dialect: Dialect;
  /** A byte: 0x30 is `0`. */
  readonly typeFlag: number;
  readonly path: PathString;
  readonly linkPath: PathString;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly seconds: number;
  readonly userName: string;
  readonly groupName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

type Dialect = "v7" | "ustar" | "star" | "gnu";

const ZEROS = Buffer.alloc(BLOCK_SIZE);

/** Whether this is one of the blocks that end an archive. */
export function isZeroBlock(block: Buffer): boolean {
  return block[0] === 0 && block.equals(ZEROS);
}

/** Reads a header block that lies at `offset`. `TAR_INVALID` where its checksum does not hold. */
export function parseHeader(block: Buffer, offset: number): Header {
  const sum = parseOctal(block, FIELD.checksum.offset, FIELD.checksum.length);
  if (sum === undefined || (sum !== unsignedSum(block) && sum !== signedSum(block))) {
    throw invalid("the checksum of a header is wrong", offset);
  }
  const dialect = dialectOf(block);
  const hasNames = dialect !== "v7";
  const typeFlag = block[FIELD.typeFlag.offset] ?? 0;
  const isDevice = typeFlag === 0x33 || typeFlag === 0x34;
  return {
    dialect,
    typeFlag,
    path: pathOf(block, dialect),
    linkPath: text(block, FIELD.linkName),
    mode: parseNumber(block, FIELD.mode, offset),
    uid: parseNumber(block, FIELD.uid, offset),
    gid: parseNumber(block, FIELD.gid, offset),
    size: parseNumber(block, FIELD.size, offset),
    seconds: parseNumber(block, FIELD.mtime, offset),
    userName: hasNames ? text(block, FIELD.userName) : "",
    groupName: hasNames ? text(block, FIELD.groupName) : "",
    // Some archivers leave rubbish here for members that are no devices.
    deviceMajor: hasNames && isDevice ? parseNumber(block, FIELD.deviceMajor, offset) : 0,
    deviceMinor: hasNames && isDevice ? parseNumber(block, FIELD.deviceMinor, offset) : 0,
  };
}

function dialectOf(block: Buffer): Dialect {
  const { offset } = FIELD.magic;
  // "ustar" is the same in all; then NUL "00" in ustar and star, two spaces and NUL in GNU's.
  if (block.readUInt32BE(offset) !== 0x75737461 || block[offset + 4] !== 0x72) return "v7";
  if (block[offset + 5] === 0x20) return "gnu";
  if (block[offset + 5] !== 0) return "v7";
  return block.readUInt32BE(508) === 0x74617200 ? "star" : "ustar"; // "tar\0"
}

function pathOf(block: Buffer, dialect: Dialect): PathString {
  const name = text(block, FIELD.name);
  // GNU's dialect has times and its sparse map where the prefix is; star's prefix is shorter.
  if ((dialect !== "ustar" && dialect !== "star") || block[FIELD.prefix.offset] === 0) return name;
  const length = dialect === "star" ? 131 : FIELD.prefix.length;
  return `${text(block, { offset: FIELD.prefix.offset, length })}/${name}`;
}

/** A name that fills its field or ends at a NUL. */
function text(block: Buffer, { offset, length }: Field): PathString {
  let end = offset;
  let seen = 0;
  for (; end < offset + length; end++) {
    const byte = block[end] ?? 0;
    if (byte === 0) break;
    seen |= byte;
  }
  if (end === offset) return "";
  return seen < 0x80 ? block.toString("latin1", offset, end) : decodePath(block.subarray(offset, end));
}
