import { constants } from "node:os";
import { closeSync } from "node:fs";
import { WORKING_DIRECTORY } from "./directory.ts";
import { SysError } from "./errors.ts";
import { lastError, native } from "./library.ts";
import { UNMOUNT_FLAGS, unmount } from "./mount.ts";
import { cString, type Path } from "./path.ts";

/** Attributes of a mount (linux/mount.h, MOUNT_ATTR_*), to be or-ed. */
export const MOUNT_ATTRIBUTES = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8, strictAtime: 0x20 } as const;

const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2_000_000;
const AT_RECURSIVE = 0x8000;
const AT_EMPTY_PATH = 0x1000;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
const MOVE_MOUNT_T_SYMLINKS = 0x10;

// Their numbers are the same on every architecture; the C library of Debian 11 has none of them.
const OPEN_TREE = 428;
const MOVE_MOUNT = 429;
const FSOPEN = 430;
const FSCONFIG = 431;
const FSMOUNT = 432;
const MOUNT_SETATTR = 442;

const onPath = native<[number, number, string | Buffer, number]>("syscall", "long", [
  "long",
  "int",
  "const char *",
  "unsigned int",
]);
const onName = native<[number, string, number]>("syscall", "long", ["long", "const char *", "unsigned int"]);
const onDescriptor = native<[number, number, number, number]>("syscall", "long", [
  "long",
  "int",
  "unsigned int",
  "unsigned int",
]);
const fsconfigCall = native<[number, number, number, string | null, string | Buffer | null, number]>(
  "syscall",
  "long",
  ["long", "int", "unsigned int", "const char *", "const char *", "int"],
);
const moveMountCall = native<[number, number, string, number, string | Buffer, number]>("syscall", "long", [
  "long",
  "int",
  "const char *",
  "int",
  "const char *",
  "unsigned int",
]);
const setAttributesCall = native<[number, number, string, number, Uint8Array, number]>("syscall", "long", [
  "long",
  "int",
  "const char *",
  "unsigned int",
  "void *",
  "unsigned long",
]);
const pivotRootCall = native<[string | Buffer, string | Buffer]>("pivot_root", "int", [
  "const char *",
  "const char *",
]);

/**
 * Makes a filesystem that is mounted nowhere yet, and gives its descriptor: fsopen(2), fsconfig(2),
 * fsmount(2). An option without a value is a flag. Throws SysError.
 */
export function makeMount(
  type: string,
  options: Readonly<Record<string, string | undefined>>,
  attributes: number,
): number {
  const context = onName(FSOPEN, type, FSOPEN_CLOEXEC);
  if (context < 0) throw lastError("fsopen", type);
  try {
    for (const [name, value] of Object.entries(options)) {
      const command = value === undefined ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
      if (fsconfigCall(FSCONFIG, context, command, name, value ?? null, 0) < 0)
        throw lastError(`fsconfig ${name}`, type);
    }
    if (fsconfigCall(FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0) < 0)
      throw lastError("fsconfig create", type);
    const made = onDescriptor(FSMOUNT, context, FSMOUNT_CLOEXEC, attributes);
    if (made < 0) throw lastError("fsmount", type);
    return made;
  } finally {
    closeSync(context);
  }
}

/**
 * A copy of what is mounted at and below a path, mounted nowhere yet: open_tree(2). It has the
 * attributes of what it is a copy of, and `attributes` besides. Gives its descriptor. Throws SysError.
 */
export function copyMount(path: Path, attributes: number): number {
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE;
  const copied = onPath(OPEN_TREE, WORKING_DIRECTORY, cString(path), flags);
  if (copied < 0) throw lastError("open_tree", path);
  try {
    addAttributes(copied, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes);
  } catch (error) {
    closeSync(copied);
    throw error;
  }
  return copied;
}

/** Mounts what is mounted nowhere yet, and closes its descriptor: move_mount(2). Throws SysError. */
export function attachMount(descriptor: number, target: Path): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS;
  try {
    if (moveMountCall(MOVE_MOUNT, descriptor, "", WORKING_DIRECTORY, cString(target), flags) < 0)
      throw lastError("move_mount", target);
  } finally {
    closeSync(descriptor);
  }
}

/** Adds attributes to what is mounted at a path, and nothing below it: mount_setattr(2). Throws SysError. */
export function restrictMount(path: string, attributes: number): void {
  addAttributes(WORKING_DIRECTORY, path, 0, attributes);
}

function addAttributes(directory: number, path: string, flags: number, attributes: number): void {
  if (attributes === 0) return;
  // struct mount_attr: attr_set, attr_clr, propagation, userns_fd.
  const wanted = Buffer.alloc(32);
  wanted.writeBigUInt64LE(BigInt(attributes), 0);
  if (setAttributesCall(MOUNT_SETATTR, directory, path, flags, wanted, wanted.length) < 0)
    throw lastError("mount_setattr", path);
}

/**
 * Makes what is mounted at `root` the root of this process's mount namespace, and takes the old one
 * away: pivot_root(2), "pivot_root(".", ".")". Throws SysError.
 */
export function pivotRoot(root: string): void {
  process.chdir(root);
  if (pivotRootCall(".", ".") < 0) throw lastError("pivot_root", root);
  // The old root lies on top of the new one now.
  unmount(".", UNMOUNT_FLAGS.detach);
  process.chdir("/");
}

/** Whether this kernel has mount_setattr(2): Linux 5.12. */
export function canRestrictMounts(): boolean {
  try {
    addAttributes(-1, "", AT_EMPTY_PATH, MOUNT_ATTRIBUTES.readOnly);
  } catch (error) {
    return error instanceof SysError && error.errno !== constants.errno.ENOSYS;
  }
  return true;
}
