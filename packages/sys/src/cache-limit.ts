import { statfsSync } from "node:fs";
import { SettingError } from "./errors.ts";
import { parseSize } from "./size.ts";

const MOST = 20 * 2 ** 30;

/** A disk, as a cache sees it. Bytes. */
export interface CacheRoom {
  /** What the cache holds now. */
  readonly held: number;
  /** What others could still write on its disk. */
  readonly free: number;
}

/**
 * Bytes that a cache may hold before what was not used for longest goes: `COOPER_CACHE_LIMIT`, else 20 GiB, but
 * no more than stays free beside it. The variable is read at once, the room when it is known. `SETTING_INVALID`
 */
export function cacheLimit(
  { COOPER_CACHE_LIMIT = "" }: Readonly<Record<string, string | undefined>> = process.env,
): (room: CacheRoom) => number {
  const asked = parseSize(COOPER_CACHE_LIMIT);
  if (asked !== undefined) return () => asked;
  if (COOPER_CACHE_LIMIT !== "")
    throw new SettingError("COOPER_CACHE_LIMIT", COOPER_CACHE_LIMIT, "write a size, such as 500m or 20g");
  // Never 0, which stands for everything: a disk that is full for another reason leaves a cache its half.
  return ({ held, free }) => Math.max(1, Math.min(MOST, Math.floor((held + free) / 2)));
}

/** Bytes that somebody without root's reserve may still write where a directory lies. */
export function freeSpace(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
