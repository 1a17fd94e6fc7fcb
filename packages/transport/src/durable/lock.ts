import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import type { Cancellable } from "@cooper/archive";
import { lockFile, waitLock } from "@cooper/sys";

/** A lock that is held until it is released, or until the process ends in whatever way. */
export interface Held {
  release(): void;
}

export interface LockOptions extends Cancellable {
  readonly mode: "shared" | "exclusive";
  /** `file` is created if it is missing; a directory must exist. */
  readonly kind: "file" | "directory";
}

/** Takes the lock on a path, waiting for as long as another process holds it. */
export async function lockPath(path: string, options: LockOptions): Promise<Held> {
  for (;;) {
    const fd = openLock(path, options);
    try {
      await waitLock(fd, options.mode, { signal: options.signal });
      if (isStillThere(fd, path)) return { release: () => closeSync(fd) };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}

/** Takes the lock if nobody else holds it now. */
export function tryLockPath(path: string, options: LockOptions): Held | undefined {
  const fd = openLock(path, options);
  if (lockFile(fd, options.mode) && isStillThere(fd, path)) return { release: () => closeSync(fd) };
  closeSync(fd);
  return undefined;
}

function openLock(path: string, { kind }: LockOptions): number {
  return kind === "directory"
    ? openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
    : openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
}

/** Whether the path still names what was locked: it may have been removed or replaced while we waited. */
export function isStillThere(fd: number, path: string): boolean {
  const locked = fstatSync(fd, { bigint: true });
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there !== undefined && there.ino === locked.ino && there.dev === locked.dev;
}
