import { lstatSync, lutimesSync, readdirSync, rmdirSync, rmSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { findInLayers } from "../snapshot/view.ts";

/** What a runtime mounts in every container, and makes mount points for. */
export const RUNTIME_MOUNTS: readonly string[] = [
  "/proc",
  "/dev/pts",
  "/dev/shm",
  "/dev/mqueue",
  "/dev",
  "/sys",
];

/**
 * Takes away a mount point that a runtime made in an upper directory: an empty file or directory that
 * the layers below do not have, and the directories that lead there as far as nothing else was changed
 * in them.
 */
export function removeMountPoint(upper: string, below: readonly string[], target: string): void {
  for (let path = target; path !== "/" && path !== "."; path = dirname(path)) {
    const inUpper = join(upper, path);
    const status = lstatSync(inUpper, { throwIfNoEntry: false });
    if (status === undefined) continue;
    const lower = findInLayers(below, path);
    if (status.isDirectory()) {
      if (readdirSync(inUpper).length > 0 || !isCopy(status, lower)) return;
      rmdirSync(inUpper);
    } else if (lower === undefined && status.isFile() && status.size === 0) rmSync(inUpper);
    else return;
  }
}

/** Whether a directory is new, or says of itself what the one below says but for its time. */
function isCopy(status: Stats, lower: string | undefined): boolean {
  if (lower === undefined) return true;
  const { mode, uid, gid } = lstatSync(lower);
  return mode === status.mode && uid === status.uid && gid === status.gid;
}

/** Gives whatever is newer than `epoch` (seconds) that time, so that it is the same on every day. */
export function clampTimes(directory: string, epoch: number): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const status = lstatSync(path);
    if (status.isDirectory()) clampTimes(path, epoch);
    else clamp(path, status.mtimeMs, epoch);
  }
  // After what is in it: whoever changes that changes the directory's time.
  clamp(directory, lstatSync(directory).mtimeMs, epoch);
}

function clamp(path: string, mtimeMs: number, epoch: number): void {
  if (mtimeMs > epoch * 1000) lutimesSync(path, epoch, epoch);
}
