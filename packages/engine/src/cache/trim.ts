import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { cacheLimit, freeSpace, isFault, lockFile } from "@cooper/sys";
import { collectLayout, deleteReference, tryLockPath } from "@cooper/transport";
import { asidePath } from "../run/asides.ts";
import { type BuildCacheEntry, buildCacheEntries } from "./entries.ts";
import { enter, oldestBuild } from "./running.ts";

export interface TrimOptions extends Cancellable {
  /** Bytes that may stay, perhaps by what is held now; 0 removes all that no build uses. */
  readonly limit: number | ((held: number) => number);
}

export interface Trimmed {
  readonly removed: readonly BuildCacheEntry[];
  /** Bytes, about. */
  readonly freed: number;
  /** Bytes of what stays. */
  readonly left: number;
}

/**
 * Removes of what builds keep what was not used for longest, until the rest is no larger than the limit.
 * What builds that run now have used, or hold, stays; they need not wait.
 */
export async function trimBuildCache(home: string, options: TrimOptions): Promise<Trimmed> {
  const { signal } = options;
  if (!existsSync(join(home, "build"))) return { removed: [], freed: 0, left: 0 };
  const removed: BuildCacheEntry[] = [];
  const going: string[] = [];
  let left = 0;
  const entrance = await enter(home, { mode: "exclusive", signal });
  try {
    const since = oldestBuild(home);
    const entries = buildCacheEntries(home);
    left = entries.reduce((sum, { size }) => sum + size, 0);
    const limit = typeof options.limit === "number" ? options.limit : options.limit(left);
    for (const entry of entries.toReversed()) {
      if (left <= limit && limit > 0) break;
      if (entry.usedAt >= since) break; // all others were used later still
      const aside = takeAway(home, entry);
      if (aside === undefined) continue;
      going.push(...aside);
      removed.push(entry);
      left -= entry.size;
    }
  } finally {
    entrance.release();
  }
  // What has lost its name is nobody's: removing it may take long, and nobody waits.
  for (const path of going) rmSync(path, { recursive: true, force: true });
  await removeRoots(home, removed, { signal });
  return { removed, freed: removed.reduce((sum, { size }) => sum + size, 0), left };
}

/** Takes the names of an entry's files away; gives those that they have now. Undefined where somebody uses it. */
function takeAway(home: string, { kind, paths, lock }: BuildCacheEntry): readonly string[] | undefined {
  const stepLock = kind === "step" ? `${paths[0]}.lock` : undefined;
  const making =
    stepLock === undefined ? undefined : tryLockPath(stepLock, { mode: "exclusive", kind: "file" });
  if (stepLock !== undefined && making === undefined) return undefined;
  const held = lock === undefined ? undefined : openSync(lock, "a", 0o600);
  try {
    if (held !== undefined && !lockFile(held, "exclusive")) return undefined;
    return paths.map((path) => {
      // Asides are swept in these two places.
      const aside =
        dirname(path) === join(home, "unpacked")
          ? join(dirname(path), `partial-0-${basename(path)}`)
          : asidePath(join(home, "build"));
      if (existsSync(path)) renameSync(path, aside);
      return aside;
    });
  } finally {
    if (held !== undefined) closeSync(held);
    if (stepLock !== undefined) rmSync(stepLock, { force: true });
    making?.release();
  }
}

/** Images that steps stood on also go from the layout that they lie in, with the layers that only they had. */
async function removeRoots(
  home: string,
  removed: readonly BuildCacheEntry[],
  options: Cancellable,
): Promise<void> {
  const directory = join(home, "build", "roots");
  const roots = removed.filter(({ kind }) => kind === "root");
  for (const { id } of roots) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- all change one file
      await deleteReference(`oci:${directory}:${id}`, options);
    } catch (error) {
      if (!isFault(error, "NOT_FOUND", "LAYOUT_INVALID")) throw error;
    }
  }
  if (roots.length === 0 || !existsSync(join(directory, "index.json"))) return;
  try {
    await collectLayout(directory, options);
  } catch (error) {
    // A build reads its layers: whoever trims next removes them.
    if (!isFault(error, "BUSY")) throw error;
  }
}

/** Milliseconds between two looks at whether what is kept has grown too large. */
const PERIOD = 3600_000;
/** The same where the disk may be full before that. */
const PERIOD_WHEN_SCARCE = 60_000;
/** Bytes. */
const SCARCE = 4 * 2 ** 30;

/**
 * Trims what builds keep to its limit (`cacheLimit`), but not more than once an hour, or once a minute on a
 * disk that is almost full. The first hour of a home needs none. For whoever has just made something.
 */
export async function boundBuildCache(home: string, options: Cancellable = {}): Promise<void> {
  const limit = cacheLimit();
  const stamp = join(home, "build", "trimmed");
  const last = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  const free = freeSpace(join(home, "build"));
  const isScarce = free < SCARCE;
  const age = Math.abs(Date.now() - (last ?? 0));
  if (age < (isScarce ? PERIOD_WHEN_SCARCE : PERIOD)) return;
  writeFileSync(stamp, "");
  if (last === undefined && !isScarce) return;
  await trimBuildCache(home, { limit: (held) => limit({ held, free }), ...options });
}
