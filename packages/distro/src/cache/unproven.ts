import type { Stats } from "node:fs";
import { open } from "node:fs/promises";
import { fileFault, readFileStream, verified } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { errnoOf, isFault } from "@cooper/sys";

/** The sticky bit, which says nothing of a file otherwise: it was renamed into place and not synced. */
const UNPROVEN = 0o1000;
export const UNPROVEN_MODE: number = UNPROVEN | 0o644;

/** Whether a crash of the machine may have left other bytes under the name than were written. */
export function isUnproven({ mode }: Stats): boolean {
  return (mode & UNPROVEN) !== 0;
}

/** Whether a file has the bytes that a digest is of. */
export async function hasDigest(path: string, digest: Digest): Promise<boolean> {
  try {
    for await (const _ of verified(readFileStream(path), { digest })) continue;
    return true;
  } catch (error) {
    if (isFault(error, "DIGEST_MISMATCH")) return false;
    throw error;
  }
}

/** Milliseconds after which the kernel has mostly written what it holds: to sync it before is to wait for that. */
const SETTLED = 60_000;

/**
 * Makes a file that was found to be whole stay so, and says it. What was written a moment ago, or lies in a
 * cache of others, stays unproven.
 */
export async function settle(path: string, { mtimeMs }: Stats): Promise<void> {
  if (Date.now() - mtimeMs < SETTLED) return;
  try {
    const file = await open(path, "r");
    try {
      await file.datasync();
      await file.chmod(0o644);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!["EPERM", "EACCES", "EROFS", "ENOENT"].includes(errnoOf(error) ?? "")) {
      throw fileFault("write", path, error);
    }
  }
}
