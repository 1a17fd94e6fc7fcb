import { constants } from "node:os";
import { lastErrno, lastError, native } from "./library.ts";
import { cString, type PathOrDescriptor } from "./path.ts";

type CPath = string | Buffer;

const lgetxattr = native<[CPath, string, Uint8Array, number]>("lgetxattr", "long", [
  "const char *",
  "const char *",
  "uint8_t *",
  "size_t",
]);
const fgetxattr = native<[number, string, Uint8Array, number]>("fgetxattr", "long", [
  "int",
  "const char *",
  "uint8_t *",
  "size_t",
]);
const llistxattr = native<[CPath, Uint8Array, number]>("llistxattr", "long", [
  "const char *",
  "uint8_t *",
  "size_t",
]);
const flistxattr = native<[number, Uint8Array, number]>("flistxattr", "long", ["int", "uint8_t *", "size_t"]);
const lsetxattr = native<[CPath, string, Uint8Array, number, number]>("lsetxattr", "int", [
  "const char *",
  "const char *",
  "const uint8_t *",
  "size_t",
  "int",
]);
const fsetxattr = native<[number, string, Uint8Array, number, number]>("fsetxattr", "int", [
  "int",
  "const char *",
  "const uint8_t *",
  "size_t",
  "int",
]);
const lremovexattr = native<[CPath, string]>("lremovexattr", "int", ["const char *", "const char *"]);
const fremovexattr = native<[number, string]>("fremovexattr", "int", ["int", "const char *"]);

/** XATTR_SIZE_MAX and XATTR_LIST_MAX of Linux: no value and no list is longer. */
const MAX_BYTES = 65536;
// Reused: the calls are synchronous, and what is given out is copied.
const scratch = Buffer.allocUnsafeSlow(MAX_BYTES);
const NONE: ReadonlyMap<string, Buffer> = new Map();

/**
 * The extended attributes of a file (never of what a symlink points at), by full name, sorted by the
 * order the kernel gives. Empty where the filesystem has none. Throws SysError.
 */
export function listXattrs(target: PathOrDescriptor): ReadonlyMap<string, Buffer> {
  const at = typeof target === "number" ? target : cString(target);
  const length =
    typeof at === "number" ? flistxattr(at, scratch, MAX_BYTES) : llistxattr(at, scratch, MAX_BYTES);
  if (length === 0) return NONE;
  if (length < 0) {
    if (isUnsupported(lastErrno())) return NONE;
    throw lastError("listxattr", named(target));
  }
  const names = scratch.toString("utf8", 0, length - 1).split("\0");
  const found = new Map<string, Buffer>();
  for (const name of names) {
    const size =
      typeof at === "number"
        ? fgetxattr(at, name, scratch, MAX_BYTES)
        : lgetxattr(at, name, scratch, MAX_BYTES);
    if (size >= 0) {
      found.set(name, Buffer.from(scratch.subarray(0, size)));
    } else {
      const errno = lastErrno();
      // Removed since it was listed, or listed although this user may not read it.
      const hidden = errno === constants.errno.ENODATA || errno === constants.errno.EPERM;
      if (!hidden && errno !== constants.errno.EACCES) throw lastError(`getxattr ${name}`, named(target));
    }
  }
  return found;
}

/** Sets an extended attribute; a symlink's own, never its target's. Throws SysError. */
export function setXattr(target: PathOrDescriptor, name: string, value: Uint8Array): void {
  const attribute = cName(name);
  const result =
    typeof target === "number"
      ? fsetxattr(target, attribute, value, value.length, 0)
      : lsetxattr(cString(target), attribute, value, value.length, 0);
  if (result < 0) throw lastError(`setxattr ${name}`, named(target));
}

/** Removes an extended attribute. Throws SysError, `ENODATA` where there is none of this name. */
export function removeXattr(target: PathOrDescriptor, name: string): void {
  const attribute = cName(name);
  const result =
    typeof target === "number" ? fremovexattr(target, attribute) : lremovexattr(cString(target), attribute);
  if (result < 0) throw lastError(`removexattr ${name}`, named(target));
}

function cName(name: string): string {
  cString(name);
  return name;
}

function isUnsupported(errno: number): boolean {
  return errno === constants.errno.EOPNOTSUPP || errno === constants.errno.ENOSYS;
}

function named(target: PathOrDescriptor): string | Buffer {
  return typeof target === "number" ? `descriptor ${target}` : target;
}
