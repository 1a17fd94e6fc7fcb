import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { lastErrno, lastError, native } from "./library.ts";

/** Many may hold a `shared` lock at once, one alone an `exclusive` one. */
export type LockMode = "shared" | "exclusive";

const LOCK: Readonly<Record<LockMode, number>> = { shared: 1, exclusive: 2 };
const LOCK_NB = 4;
const LOCK_UN = 8;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

const flock = native<[number, number]>("flock", "int", ["int", "int"]);

/**
 * Locks an open file (flock(2)) without waiting; false when somebody else holds it. The lock belongs
 * to the open file: it goes when the descriptor is closed, also by a kill. Asked again in another
 * mode, it changes, but not in one step. Throws SysError.
 */
export function lockFile(fd: number, mode: LockMode): boolean {
  if (attempt(fd, LOCK[mode] | LOCK_NB)) return true;
  if (lastErrno() === constants.errno.EWOULDBLOCK) return false;
  throw lastError("flock", `descriptor ${fd}`);
}

/** The same, but waits until the lock is free, or until `signal` says to stop (its reason is thrown). */
export async function waitLock(
  fd: number,
  mode: LockMode,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  options.signal?.throwIfAborted();
  // A blocking flock would hold a thread that nothing can call back.
  for (let milliseconds = FIRST_PAUSE_MS; !lockFile(fd, mode);) {
    await pause(
      milliseconds,
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    ).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      throw error;
    });
    milliseconds = Math.min(milliseconds * 2, LONGEST_PAUSE_MS);
  }
}

/** Gives the lock up. Throws SysError. */
export function unlockFile(fd: number): void {
  if (!attempt(fd, LOCK_UN)) throw lastError("flock", `descriptor ${fd}`);
}

function attempt(fd: number, operation: number): boolean {
  for (;;) {
    if (flock(fd, operation) === 0) return true;
    if (lastErrno() !== constants.errno.EINTR) return false;
  }
}
