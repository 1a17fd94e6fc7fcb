import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { type Cancellable, decodePath, encodePath, fileFault } from "@cooper/archive";
import { type FileStatus, listDirectory, openAt, readLinkAt, statusAt } from "@cooper/sys";
import type { Patterns } from "./patterns.ts";
import { type FileMemory, isSettled } from "./memory.ts";

/** A file of a directory of the host, as a key sees it: neither its owner nor its times. */
export interface LocalFile {
  /** Below the directory, without a leading slash; bytes that are not Unicode as `decodePath` gives them. */
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
  const visit = async (directory: string, descriptor: number): Promise<void> => {
    for (const bytes of listDirectory(descriptor).toSorted(byBytes)) {
      const name = isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1");
      const known = typeof name === "string" ? name : decodePath(name);
      const path = directory === "" ? known : `${directory}/${known}`;
      const interest = interestIn(path, selection);
      if (interest === "none") continue;
      if (++seen % BATCH === 0) {
        // oxlint-disable-next-line no-await-in-loop
        await turn();
        options.signal?.throwIfAborted();
      }
      const status = statusAt(descriptor, name);
      if (status === undefined) continue; // removed a moment ago
      const kind = status.mode & constants.S_IFMT;
      const mode = status.mode & 0o777;
      if (kind === constants.S_IFDIR) {
        if (interest === "chosen") files.push({ path, type: "directory", mode, content: "" });
        // oxlint-disable-next-line no-await-in-loop -- in order, and nothing here waits for anything
        await opened(
          () => openAt(descriptor, name, DIRECTORY),
          join(root, path),
          async (child) => await visit(path, child),
        );
        continue;
      }
      if (interest !== "chosen") continue;
      if (kind === constants.S_IFLNK) {
        files.push({ path, type: "symlink", mode: 0o777, content: decodePath(readLinkAt(descriptor, name)) });
      } else if (kind === constants.S_IFREG) {
        newest = Math.max(newest, status.mtime.seconds);
        files.push({ path, type: "file", mode, content: contentOf(join(root, path), path, status, memory) });
      }
    }
  };
  await opened(
    () => openSync(root, DIRECTORY),
    root,
    async (descriptor) => await visit("", descriptor),
  );
  return { files, newest };
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

/** Opens a directory for a while. `FILE_…` */
async function opened(
  open: () => number,
  path: string,
  use: (descriptor: number) => Promise<void>,
): Promise<void> {
  let descriptor: number;
  try {
    descriptor = open();
  } catch (error) {
    throw fileFault("read", path, error);
  }
  try {
    await use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- all that has one byte
  return /^[\u0000-\u007f]*$/.test(text);
}

/** Lines that are hashed at once: thousands of small pieces would take longer than the hash. */
const LINES = 1000;

/** One digest for what a selection has: of paths, types, modes and content. */
export function digestOfFiles(files: readonly LocalFile[]): string {
  const hash = createHash("sha256");
  for (let from = 0; from < files.length; from += LINES) {
    const lines = files
      .slice(from, from + LINES)
      .map(({ path, type, mode, content }) => `${JSON.stringify([path, type, mode & 0o777, content])}\n`);
    hash.update(lines.join(""));
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

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function contentOf(absolute: string, path: string, status: FileStatus, memory: FileMemory): string {
  const { size, mtime, ctime, identity: file } = status;
  const identity = `${size} ${mtime.seconds}.${mtime.nanoseconds} ${ctime.seconds}.${ctime.nanoseconds} ${file}`;
  const known = memory.recall(path, identity);
  if (known !== undefined) return known;
  const content = hashFile(absolute);
  // A file that was written to in this very moment may be written to again without its times telling.
  if (isSettled(BigInt(ctime.seconds + 1) * 1000n)) memory.remember(path, identity, content);
  return content;
}

function hashFile(path: string): string {
  let fd: number;
  try {
    fd = openSync(encodePath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
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
