import { lastError, native } from "./library.ts";
import { cString, type Path, type PathOrDescriptor } from "./path.ts";
import { WORKING_DIRECTORY } from "./directory.ts";

/** Seconds since 1970, also negative, and nanoseconds from 0 to 999 999 999. */
export interface TimeOfFile {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const utimensat = native<[number, string | Buffer, Uint8Array, number]>("utimensat", "int", [
  "int",
  "const char *",
  "const uint8_t *",
  "int",
]);
const futimens = native<[number, Uint8Array]>("futimens", "int", ["int", "const uint8_t *"]);

const AT_SYMLINK_NOFOLLOW = 0x100;
const times = new Uint8Array(32);
const view = new DataView(times.buffer);

/**
 * Sets the access and the modification time, exact to the nanosecond where the filesystem is; of a
 * symlink, its own. Throws SysError.
 */
export function setTimes(target: PathOrDescriptor, time: TimeOfFile): void {
  if (typeof target !== "number") {
    setTimesAt(WORKING_DIRECTORY, target, time);
    return;
  }
  fill(time);
  if (futimens(target, times) < 0) throw lastError("futimens", `descriptor ${target}`);
}

/** The same for a name in a directory. Throws SysError. */
export function setTimesAt(dirFd: number, name: Path, time: TimeOfFile): void {
  fill(time);
  if (utimensat(dirFd, cString(name), times, AT_SYMLINK_NOFOLLOW) < 0) throw lastError("utimensat", name);
}

function fill({ seconds, nanoseconds }: TimeOfFile): void {
  const high = Math.floor(seconds / 0x1_0000_0000);
  const low = seconds - high * 0x1_0000_0000;
  for (const offset of [0, 16]) {
    view.setUint32(offset, low, true);
    view.setInt32(offset + 4, high, true);
    view.setUint32(offset + 8, nanoseconds, true);
  }
}
