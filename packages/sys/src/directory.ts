import { constants as fs } from "node:fs";
import { constants as os } from "node:os";
import { SysError } from "./errors.ts";
import { lastErrno, lastError, native, printable, systemCall } from "./library.ts";
import { cString, type Path } from "./path.ts";

/*
 * Calls that take a directory's descriptor and a name in it, so that no path above the name is looked
 * up again and nobody can swap it in between. All of them leave a final symlink alone.
 */

type CPath = string | Buffer;

/** The `dirFd` that means: a relative path starts at the working directory. */
export const WORKING_DIRECTORY = -100;

/** Opens only the place in the tree, for `…At` calls and status; the same on x86_64 and arm64. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;

const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_IN_ROOT = 0x10n;
const OPENAT2 = 437;
const HOW_BYTES = 24;
/** A rename elsewhere can make the kernel give up on a path with `..`; it asks to try again. */
const TRIES = 128;

const openat = native<[number, CPath, number, number]>("openat", "int", [
  "int",
  "const char *",
  "int",
  "unsigned int",
]);
const openat2 = native<[number, number, CPath, Uint8Array, number]>("syscall", "long", [
  "long",
  "int",
  "const char *",
  "const uint8_t *",
  "size_t",
]);
const mkdirat = native<[number, CPath, number]>("mkdirat", "int", ["int", "const char *", "unsigned int"]);
const symlinkat = native<[CPath, number, CPath]>("symlinkat", "int", ["const char *", "int", "const char *"]);
const linkat = native<[number, CPath, number, CPath, number]>("linkat", "int", [
  "int",
  "const char *",
  "int",
  "const char *",
  "int",
]);
const unlinkat = native<[number, CPath, number]>("unlinkat", "int", ["int", "const char *", "int"]);
const readlinkat = native<[number, CPath, Uint8Array, number]>("readlinkat", "long", [
  "int",
  "const char *",
  "uint8_t *",
  "size_t",
]);
const fchownat = native<[number, CPath, number, number, number]>("fchownat", "int", [
  "int",
  "const char *",
  "unsigned int",
  "unsigned int",
  "int",
]);
const getdents64 = native<[number, number, Uint8Array, number]>("syscall", "long", [
  "long",
  "int",
  "uint8_t *",
  "size_t",
]);

/**
 * Opens `name` in a directory; a symlink at the end is an error (`ELOOP`; with O_PATH it is opened
 * itself). Gives a descriptor that the caller closes. Throws SysError.
 */
export function openAt(dirFd: number, name: Path, flags: number, mode = 0): number {
  const fd = openat(dirFd, cString(name), flags | fs.O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) throw lastError("openat", name);
  return fd;
}

const how = Buffer.alloc(HOW_BYTES);

/**
 * Opens a path as if `rootFd` were the root directory: `..` stops there, and absolute symlinks start
 * there (openat2, RESOLVE_IN_ROOT). A final symlink is not followed, and /proc's magic links never
 * are. Throws SysError; `ENOSYS` before Linux 5.6.
 */
export function openBeneath(rootFd: number, path: Path, flags: number, mode = 0): number {
  const at = cString(path.length === 0 ? "." : path);
  // openat2 refuses what open ignores: a mode without O_CREAT.
  how.writeBigUInt64LE(BigInt(flags | fs.O_NOFOLLOW | O_CLOEXEC), 0);
  how.writeBigUInt64LE((flags & fs.O_CREAT) === 0 ? 0n : BigInt(mode), 8);
  how.writeBigUInt64LE(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, 16);
  for (let left = TRIES; ; left--) {
    const fd = openat2(OPENAT2, rootFd, at, how, HOW_BYTES);
    if (fd >= 0) return fd;
    if (left === 0 || lastErrno() !== os.errno.EAGAIN) throw lastError("openat2", path);
  }
}

/** Makes a directory; the process's umask takes bits off `mode`. Throws SysError. */
export function makeDirectoryAt(dirFd: number, name: Path, mode: number): void {
  if (mkdirat(dirFd, cString(name), mode) < 0) throw lastError("mkdirat", name);
}

/** Makes a symlink `name` that holds `target` as it is written. Throws SysError. */
export function makeSymlinkAt(target: Path, dirFd: number, name: Path): void {
  if (symlinkat(cString(target), dirFd, cString(name)) < 0) throw lastError("symlinkat", name);
}

/** Gives a file a second name; of a symlink it links the symlink itself. Throws SysError. */
export function makeLinkAt(fromFd: number, from: Path, toFd: number, to: Path): void {
  if (linkat(fromFd, cString(from), toFd, cString(to), 0) < 0) throw lastError("linkat", to);
}

/** Removes a name that is not a directory. Throws SysError: `EISDIR` on a directory. */
export function removeFileAt(dirFd: number, name: Path): void {
  if (unlinkat(dirFd, cString(name), 0) < 0) throw lastError("unlinkat", name);
}

/** Removes an empty directory. Throws SysError, `ENOTEMPTY` among them. */
export function removeDirectoryAt(dirFd: number, name: Path): void {
  if (unlinkat(dirFd, cString(name), AT_REMOVEDIR) < 0) throw lastError("unlinkat", name);
}

const link = Buffer.allocUnsafeSlow(4096);

/** What a symlink holds, as bytes. Throws SysError, `EINVAL` when it is none. */
export function readLinkAt(dirFd: number, name: Path): Buffer {
  const length = readlinkat(dirFd, cString(name), link, link.length);
  if (length < 0) throw lastError("readlinkat", name);
  return Buffer.from(link.subarray(0, length));
}

/** Sets the owner of a file, or of a symlink itself. Throws SysError. */
export function setOwnerAt(dirFd: number, name: Path, uid: number, gid: number): void {
  if (fchownat(dirFd, cString(name), uid, gid, AT_SYMLINK_NOFOLLOW) < 0) throw lastError("fchownat", name);
}

const listing = Buffer.allocUnsafeSlow(1 << 18);
const GETDENTS64 = systemCall(217, 61);

/**
 * The names in a directory that is open for reading, without `.` and `..`, in no order. Each is a
 * string with one character per byte (latin1): comparing two compares their bytes. Throws SysError.
 */
export function listDirectory(fd: number): string[] {
  const names: string[] = [];
  for (;;) {
    const length = getdents64(GETDENTS64, fd, listing, listing.length);
    if (length < 0) throw new SysError(lastErrno(), "getdents64", printable(`descriptor ${fd}`));
    if (length === 0) return names;
    for (let offset = 0; offset < length;) {
      const record = listing.readUInt16LE(offset + 16);
      // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, then the name and a NUL.
      let end = offset + 19;
      while (listing[end] !== 0) end++;
      const name = listing.toString("latin1", offset + 19, end);
      if (name !== "." && name !== "..") names.push(name);
      offset += record;
    }
  }
}
