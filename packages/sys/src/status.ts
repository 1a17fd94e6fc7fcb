import { constants } from "node:os";
import { lastErrno, lastError, native } from "./library.ts";
import { cString, type Path } from "./path.ts";

/** What statx(2) tells of a file. */
export interface FileStatus {
  /** S_IFMT and permission bits, as in `fs.constants`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes that it takes on the disk: fewer than `size` when it has holes. */
  readonly allocated: number;
  readonly links: number;
  /** The same file has the same identity, the device and the inode's number. */
  readonly identity: string;
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number };
  /** When anything of it last changed, content or attributes; nobody can set it. */
  readonly ctime: { readonly seconds: number; readonly nanoseconds: number };
  /** Of a device node; else 0. */
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

const statx = native<[number, string | Buffer, number, number, Uint8Array]>("statx", "int", [
  "int",
  "const char *",
  "int",
  "unsigned int",
  "uint8_t *",
]);

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const AT_NO_AUTOMOUNT = 0x800;
const STATX_BASIC_STATS = 0x7ff;

const buffer = new ArrayBuffer(256);
const bytes = new Uint8Array(buffer);
const view = new DataView(buffer);

/** Status of `name` in a directory, of a symlink itself; undefined when there is none. Throws SysError. */
export function statusAt(dirFd: number, name: Path): FileStatus | undefined {
  const flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  if (statx(dirFd, cString(name), flags, STATX_BASIC_STATS, bytes) === 0) return parse();
  if (lastErrno() === constants.errno.ENOENT) return undefined;
  throw lastError("statx", name);
}

/** Status of an open file. Throws SysError. */
export function statusOf(fd: number): FileStatus {
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, bytes) === 0) return parse();
  throw lastError("statx", `descriptor ${fd}`);
}

// struct statx, the same on every architecture but for the byte order: linux/stat.h
function parse(): FileStatus {
  return {
    mode: view.getUint16(28, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    size: uint64(40),
    allocated: uint64(48) * 512,
    links: view.getUint32(16, true),
    identity: `${view.getUint32(136, true)}:${view.getUint32(140, true)}:${uint64(32)}`,
    ctime: time(96),
    mtime: time(112),
    deviceMajor: view.getUint32(128, true),
    deviceMinor: view.getUint32(132, true),
  };
}

function time(offset: number): FileStatus["mtime"] {
  return {
    seconds: view.getInt32(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true),
    nanoseconds: view.getUint32(offset + 8, true),
  };
}

function uint64(offset: number): number {
  const high = view.getUint32(offset + 4, true);
  const low = view.getUint32(offset, true);
  // A number above 2^53 would make two inodes look the same.
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : Number(view.getBigUint64(offset, true));
}
