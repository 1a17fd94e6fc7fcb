import { lastError, native } from "./library.ts";
import { cString, type Path } from "./path.ts";

/** Flags of mount(2): linux/mount.h. */
export const MOUNT_FLAGS = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  move: 8192,
  recursive: 16384,
  unbindable: 0x2_0000,
  private: 0x4_0000,
  slave: 0x8_0000,
  shared: 0x10_0000,
} as const;

/** Flags of umount2(2). */
export const UNMOUNT_FLAGS = { force: 1, detach: 2, noFollow: 8 } as const;

const mountCall = native<[string | Buffer, string | Buffer, string, number, string | Buffer]>(
  "mount",
  "int",
  ["const char *", "const char *", "const char *", "unsigned long", "const char *"],
);
const umount2 = native<[string | Buffer, number]>("umount2", "int", ["const char *", "int"]);
const syncfs = native<[number]>("syncfs", "int", ["int"]);

/**
 * mount(2): `type` such as `overlay`, `flags` an or of MOUNT_FLAGS, `data` the filesystem's options
 * (overlay's must fit a page: 4096 bytes). Throws SysError.
 */
export function mount(source: Path, target: Path, type: string, flags: number, data: Path = ""): void {
  if (mountCall(cString(source), cString(target), type, flags, cString(data)) < 0) {
    throw lastError(`mount ${type}`.trimEnd(), target);
  }
}

/** umount2(2); `flags` is an or of UNMOUNT_FLAGS. Throws SysError. */
export function unmount(target: Path, flags = 0): void {
  if (umount2(cString(target), flags) < 0) throw lastError("umount2", target);
}

/** Writes everything of the filesystem that `fd` is on to the disk. Throws SysError. */
export function syncFilesystem(fd: number): void {
  if (syncfs(fd) < 0) throw lastError("syncfs", `descriptor ${fd}`);
}
