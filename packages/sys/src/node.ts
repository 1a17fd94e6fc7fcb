import { constants as fs } from "node:fs";
import { constants as os } from "node:os";
import { WORKING_DIRECTORY } from "./directory.ts";
import { SysError } from "./errors.ts";
import { lastError, native, printable, systemCall } from "./library.ts";
import { cString, type Path } from "./path.ts";

export type NodeKind = "character-device" | "block-device" | "fifo";

const S_IF: Readonly<Record<NodeKind, number>> = {
  "character-device": fs.S_IFCHR,
  "block-device": fs.S_IFBLK,
  fifo: fs.S_IFIFO,
};

// glibc has no mknodat that can be looked up before 2.33.
const mknodat = native<[number, number, string | Buffer, number, number]>("syscall", "long", [
  "long",
  "int",
  "const char *",
  "unsigned int",
  "unsigned int",
]);
const MKNODAT = systemCall(259, 33);

/** The widths that Linux gives the two numbers of a device: 12 and 20 bits. */
const MAJOR_LIMIT = 1 << 12;
const MINOR_LIMIT = 1 << 20;

/**
 * Makes a device node or a named pipe; `mode` is the permission bits, less the umask. Only root makes
 * devices (`EPERM`), but anyone makes the character device 0:0, overlayfs's whiteout. Throws SysError.
 */
export function makeNode(path: Path, kind: NodeKind, mode: number, major: number, minor: number): void {
  makeNodeAt(WORKING_DIRECTORY, path, kind, mode, major, minor);
}

/** The same for a name in a directory. Throws SysError. */
export function makeNodeAt(
  dirFd: number,
  name: Path,
  kind: NodeKind,
  mode: number,
  major: number,
  minor: number,
): void {
  if (!(major >= 0 && major < MAJOR_LIMIT && minor >= 0 && minor < MINOR_LIMIT)) {
    throw new SysError(os.errno.EINVAL, `mknodat ${major}:${minor}`, printable(name));
  }
  // new_encode_dev() of the kernel, which is not the makedev() of the C library.
  const device = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
  const result = mknodat(MKNODAT, dirFd, cString(name), S_IF[kind] | mode, device >>> 0);
  if (result < 0) throw lastError("mknodat", name);
}
