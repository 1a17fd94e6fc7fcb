import { existsSync, lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseDiffId } from "@cooper/oci";
import { namesIn } from "../files/names.ts";
import { BuildDirectory } from "./build-directory.ts";

export type BuildCacheKind = "step" | "unpacked" | "mount" | "git" | "root";

/** One thing that builds keep and that can be made again. */
export interface BuildCacheEntry {
  readonly kind: BuildCacheKind;
  /** Of a step its key, of a layer its chainID, else what its files are called. */
  readonly id: string;
  /** What it is, for people. */
  readonly description: string;
  /** Bytes on the disk, about. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  /** Files and directories that it is. */
  readonly paths: readonly string[];
  /** Whoever uses it holds this locked. */
  readonly lock: string | undefined;
}

/** Everything that builds keep under a home, what was used last first. */
export function buildCacheEntries(home: string): readonly BuildCacheEntry[] {
  const build = join(home, "build");
  if (!existsSync(build)) return [];
  const { steps, unpacked } = layersOf(home);
  return [
    ...steps,
    ...unpacked,
    ...directoriesIn(join(build, "caches"), "mount"),
    ...directoriesIn(join(build, "git"), "git"),
    ...rootsIn(join(build, "roots")),
  ].toSorted((a, b) => b.usedAt - a.usedAt || (a.id < b.id ? -1 : 1));
}

/** Steps, each with its layer if it is the first one that gave that; and unpacked layers of no step. */
function layersOf(home: string): {
  readonly steps: readonly BuildCacheEntry[];
  readonly unpacked: readonly BuildCacheEntry[];
} {
  const build = new BuildDirectory(home);
  const parent = join(home, "unpacked");
  const names = new Set(
    namesIn(parent).filter((name) => !name.endsWith(".lock") && !name.startsWith("partial-")),
  );
  const records = namesIn(join(build.path, "steps"))
    .filter((name) => !name.endsWith(".lock"))
    .flatMap((name) => {
      const path = join(build.path, "steps", name);
      const record = build.step(path);
      return record === undefined ? [] : [{ name, path, record, usedAt: timeOf(path) }];
    })
    .toSorted((a, b) => b.usedAt - a.usedAt);
  const counted = new Set<string>();
  const steps = records.map(({ name, path, record, usedAt }): BuildCacheEntry => {
    const blob = build.blobPath(parseDiffId(record.diffId));
    const paths = [path];
    let size = 0;
    // Of several steps with one layer, the one that was used last keeps it.
    if (!counted.has(blob) && existsSync(blob)) {
      counted.add(blob);
      paths.push(`${blob}.json`, blob);
      size += sizeOf(blob);
    }
    const { directory } = record;
    const isMine = directory !== undefined && names.delete(directory);
    if (isMine) {
      paths.push(join(parent, directory));
      size += record.size ?? 0;
    }
    const lock = isMine ? join(parent, `${directory}.lock`) : undefined;
    return { kind: "step", id: name, description: record.step ?? "a step", size, usedAt, paths, lock };
  });
  const unpacked = [...names].map((name): BuildCacheEntry => {
    const path = join(parent, name);
    const lock = `${path}.lock`;
    const usedAt = existsSync(lock) ? timeOf(lock) : timeOf(path);
    const description = "a layer, unpacked";
    return { kind: "unpacked", id: name, description, size: treeSize(path), usedAt, paths: [path], lock };
  });
  return { steps, unpacked };
}

/** What cache mounts show, and repositories: directories with a lock beside them that says what they are. */
function directoriesIn(parent: string, kind: "mount" | "git"): readonly BuildCacheEntry[] {
  return namesIn(parent)
    .filter((name) => !name.endsWith(".lock") && !name.startsWith("aside-"))
    .map((name) => {
      const path = join(parent, name);
      const lock = `${path}.lock`;
      const usedAt = existsSync(lock) ? timeOf(lock) : timeOf(path);
      const description = (existsSync(lock) ? readFileSync(lock, "utf8") : "") || name;
      return { kind, id: name, description, size: treeSize(path), usedAt, paths: [path], lock };
    });
}

/** Images that steps stand on: a layout, and a file of its own for each. */
function rootsIn(parent: string): readonly BuildCacheEntry[] {
  const names = namesIn(parent).filter((name) => name.endsWith(".json") && name !== "index.json");
  const blobs = treeSize(join(parent, "blobs"));
  return names.map((name) => {
    const path = join(parent, name);
    const description = referenceIn(path) ?? name;
    // Their layers are shared: each has its part.
    const size = Math.round(blobs / names.length);
    return {
      kind: "root",
      id: name.replace(/\.json$/, ""),
      description,
      size,
      usedAt: timeOf(path),
      paths: [path],
      lock: undefined,
    };
  });
}

function referenceIn(path: string): string | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof record !== "object" || record === null || !("reference" in record)) return undefined;
    return String(record.reference);
  } catch {
    return undefined; // what a crash cut short
  }
}

/** Bytes of all files below a directory. */
function treeSize(directory: string): number {
  let sum = 0;
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined) continue; // removed a moment ago
    sum += status.isDirectory() ? treeSize(path) : status.size;
  }
  return sum;
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
