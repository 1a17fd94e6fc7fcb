import { createHash } from "node:crypto";
import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { type Cancellable, fileFault } from "@cooper/archive";
import type { Patterns } from "./patterns.ts";
import { type FileMemory, isSettled } from "./memory.ts";

/** A file of a directory of the host, as a key sees it: neither its owner nor its times. */
export interface LocalFile {
  /** Below the directory, without a leading slash. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  /** Permission bits. */
  readonly mode: number;
  /** Of a file the SHA-256 of its content, of a symlink where it leads; of a directory empty. */
  readonly content: string;
}

export interface LocalSelection {
  /** What is looked at; undefined means all. */
  readonly include: Patterns | undefined;
  readonly exclude: Patterns;
}

export interface LocalScan {
  readonly files: readonly LocalFile[];
  /** Seconds since 1970: the newest change of a file's content. */
  readonly newest: number;
}

/** Files looked at before others get a turn. */
const BATCH = 500;
const CHUNK = Buffer.allocUnsafeSlow(1 << 20);

/**
 * The files of a directory that a selection has, sorted by path, directories before what is in them.
 * Symlinks are not followed, so a loop of them is one more file; sockets, devices and pipes are left
 * out. A file whose size, times and inode are those of the last time is not read again. `FILE_…`
 */
export async function scanLocal(
  root: string,
  selection: LocalSelection,
  memory: FileMemory,
  options: Cancellable = {},
): Promise<LocalScan> {
  const files: LocalFile[] = [];
  let newest = 0;
  let seen = 0;
  const visit = async (directory: string): Promise<void> => {
    for (const name of namesIn(join(root, directory))) {
      const path = directory === "" ? name : `${directory}/${name}`;
      const interest = interestIn(path, selection);
      if (interest === "none") continue;
      if (++seen % BATCH === 0) {
        // oxlint-disable-next-line no-await-in-loop
        await turn();
        options.signal?.throwIfAborted();
      }
      const absolute = join(root, path);
      const status = lstatSync(absolute, { bigint: true, throwIfNoEntry: false });
      if (status === undefined) continue; // removed a moment ago
      const mode = Number(status.mode) & 0o777;
      if (status.isDirectory()) {
        if (interest === "chosen") files.push({ path, type: "directory", mode, content: "" });
        // oxlint-disable-next-line no-await-in-loop -- in order, and nothing here waits for anything
        await visit(path);
        continue;
      }
      if (interest !== "chosen") continue;
      if (status.isSymbolicLink()) {
        files.push({ path, type: "symlink", mode: 0o777, content: readlinkSync(absolute) });
      } else if (status.isFile()) {
        newest = Math.max(newest, Number(status.mtimeMs) / 1000);
        files.push({ path, type: "file", mode, content: contentOf(absolute, path, status, memory) });
      }
    }
  };
  await visit("");
  return { files, newest: Math.floor(newest) };
}

/** One digest for what a selection has: of paths, types, modes and content. */
export function digestOfFiles(files: readonly LocalFile[]): string {
  const hash = createHash("sha256");
  for (const { path, type, mode, content } of files) {
    hash.update(`${JSON.stringify([path, type, mode & 0o777, content])}\n`);
  }
  return hash.digest("hex");
}

type Interest = "chosen" | "perhaps inside" | "none";

function interestIn(path: string, { include, exclude }: LocalSelection): Interest {
  const isExcluded = exclude.has(path);
  if (isExcluded && exclude.hasAllIn(path)) return "none";
  if (include === undefined) return isExcluded ? "perhaps inside" : "chosen";
  if (include.has(path)) return isExcluded ? "perhaps inside" : "chosen";
  return include.mayHaveIn(path) ? "perhaps inside" : "none";
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted(byBytes);
  } catch (error) {
    throw fileFault("read", directory, error);
  }
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function contentOf(absolute: string, path: string, status: BigIntStats, memory: FileMemory): string {
  const identity = `${status.size} ${status.mtimeNs} ${status.ctimeNs} ${status.ino}`;
  const known = memory.recall(path, identity);
  if (known !== undefined) return known;
  const content = hashFile(absolute);
  // A file that was written to in this very moment may be written to again without its times telling.
  if (isSettled(status.ctimeMs)) memory.remember(path, identity, content);
  return content;
}

function hashFile(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw fileFault("read", path, error);
  }
  try {
    const hash = createHash("sha256");
    for (;;) {
      const length = readSync(fd, CHUNK);
      if (length === 0) return hash.digest("hex");
      hash.update(CHUNK.subarray(0, length));
    }
  } catch (error) {
    throw fileFault("read", path, error);
  } finally {
    closeSync(fd);
  }
}
