import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "@cooper/sys";

/** What a cache holds. */
export interface CacheUsage {
  readonly entries: number;
  /** Bytes. */
  readonly size: number;
  /** The same by what the entries are: `blobs/sha256`, `derived/layer`, `records/apt-package`. */
  readonly kinds: readonly CacheKind[];
}

export interface CacheKind {
  readonly name: string;
  readonly entries: number;
  /** Bytes. */
  readonly size: number;
}

interface Entry {
  readonly path: string;
  readonly kind: string;
  readonly size: number;
  readonly usedAt: number;
}

/** Counts what is there. Other processes may go on beside it. */
export async function measure(directory: string): Promise<CacheUsage> {
  const kinds = new Map<string, { name: string; entries: number; size: number }>();
  const entries = await entriesOf(directory);
  for (const { kind, size } of entries) {
    const sum = kinds.get(kind) ?? { name: kind, entries: 0, size: 0 };
    sum.entries++;
    sum.size += size;
    kinds.set(kind, sum);
  }
  return {
    entries: entries.length,
    size: entries.reduce((sum, { size }) => sum + size, 0),
    kinds: [...kinds.values()].toSorted((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1)),
  };
}

/** Removes the entries that were not used for longest until the rest fits. Gives the bytes freed. */
export async function trim(directory: string, allowed: number | ((held: number) => number)): Promise<number> {
  const entries = await entriesOf(directory);
  let size = entries.reduce((sum, entry) => sum + entry.size, 0);
  const before = size;
  const limit = typeof allowed === "number" ? allowed : allowed(size);
  for (const entry of entries.toSorted((a, b) => a.usedAt - b.usedAt || (a.path < b.path ? -1 : 1))) {
    if (size <= limit && limit > 0) break;
    // oxlint-disable-next-line no-await-in-loop -- thousands at once would only wait for the disk
    await rm(entry.path, { force: true, recursive: true });
    size -= entry.size;
  }
  return before - size;
}

async function entriesOf(directory: string): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (const family of ["blobs", "records", "derived", "compiled"]) {
    // oxlint-disable-next-line no-await-in-loop
    for (const kind of await namesIn(join(directory, family))) {
      // oxlint-disable-next-line no-await-in-loop
      for (const name of await namesIn(join(directory, family, kind))) {
        const path = join(directory, family, kind, name);
        // oxlint-disable-next-line no-await-in-loop
        const status = await stat(path).catch(() => undefined); // removed a moment ago
        if (status === undefined) continue;
        found.push({ path, kind: `${family}/${kind}`, size: status.size, usedAt: status.mtimeMs });
      }
    }
  }
  return found;
}

/** What another user keeps from everybody is not counted. */
async function namesIn(
  directory: string,
  options?: { readonly recursive: true },
): Promise<readonly string[]> {
  try {
    return await readdir(directory, options);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EACCES") return [];
    throw error;
  }
}
