import { chmodSync, closeSync, constants, openSync, readlinkSync } from "node:fs";
import {
  type FileStatus,
  O_PATH,
  errnoOf,
  listDirectory,
  openBeneath,
  statusOf,
  makeDirectories,
} from "@cooper/sys";
import type { PathString } from "../tar/entry.ts";
import { decodePath } from "../tar/path.ts";
import type { DirectoryTimes } from "./directory-times.ts";
import { systemPath } from "./name.ts";
import { type MissingDirectory, walkBeneath } from "./walk-beneath.ts";

/** A directory to write in; it stays open until another takes its place in the cache. */
export interface Parent {
  readonly fd: number;
  readonly path: PathString;
  readonly identity: string;
}

/** Directories that are kept open: a tar goes through them one after the other. */
const CACHE_SIZE = 64;
const OWNER_ALL = 0o700;
const EPOCH = { seconds: 0, nanoseconds: 0 };
const DIRECTORY = O_PATH | constants.O_DIRECTORY;

/**
 * The directory that is unpacked into. Nothing outside of it can be reached through it: every
 * directory is opened from its root as if that were `/`, and what is done is done by a descriptor and
 * one name. It makes no difference what somebody swaps meanwhile.
 */
export class Destination {
  readonly #root: Parent;
  readonly #times: DirectoryTimes;
  readonly #cache = new Map<PathString, Parent>();
  readonly #isUser = process.geteuid?.() !== 0;
  readonly #make: MissingDirectory;
  /** Whether nothing was in it. */
  readonly wasEmpty: boolean;

  readonly #retired: Parent[] = [];
  #last: Parent | undefined;

  /** `make` is asked for directories that paths presume. */
  constructor(directory: string, times: DirectoryTimes, make: MissingDirectory) {
    this.#times = times;
    const made = makeDirectories(directory);
    const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    this.#root = { fd, path: "", identity: statusOf(fd).identity };
    this.#make = make;
    this.wasEmpty = listDirectory(fd).length === 0;
    // As any directory that the archive presumes: neither the umask nor the clock shows.
    if (made !== undefined) times.set(this.#root.identity, { path: "", mode: 0o755, mtime: EPOCH });
  }

  /** Makes the directory, and those that lead there, if they are missing. */
  open(path: PathString): Parent {
    const found = this.#cached(path) ?? this.#opened(path, this.#make);
    if (found === undefined) throw new Error("a directory was neither found nor made");
    return found;
  }

  /** Undefined where there is none. */
  find(path: PathString): Parent | undefined {
    return this.#cached(path) ?? this.#opened(path, "leave");
  }

  /** Where an open directory lies now, without the symlinks that led there. */
  realPath({ fd }: Parent): PathString {
    const root = readlinkSync(`/proc/self/fd/${this.#root.fd}`, "buffer");
    const path = readlinkSync(`/proc/self/fd/${fd}`, "buffer");
    return decodePath(path.subarray(root.length + 1));
  }

  /** To be told whenever a directory or a symlink went: paths may lead elsewhere now. */
  forget(): void {
    for (const parent of this.#cache.values()) this.#retired.push(parent);
    this.#cache.clear();
    this.#last = undefined;
  }

  /** Between two members: no directory that was given for the one before is in use any more. */
  settle(): void {
    if (this.#retired.length === 0) return;
    for (const { fd } of this.#retired.splice(0)) if (fd !== this.#root.fd) closeSync(fd);
  }

  /** Gives the directories their modes and times: the last thing to do. */
  finish(): void {
    this.forget();
    this.#times.finish((path) => {
      const fd = this.#descriptor(path, "leave");
      if (fd === undefined) return undefined;
      try {
        return openBeneath(fd, ".", constants.O_RDONLY | constants.O_DIRECTORY);
      } finally {
        closeSync(fd);
      }
    });
  }

  close(): void {
    this.forget();
    this.settle();
    closeSync(this.#root.fd);
  }

  #cached(path: PathString): Parent | undefined {
    if (this.#last?.path === path) return this.#last;
    const found = this.#cache.get(path);
    if (found === undefined) return undefined;
    // To the end: what was used last goes last.
    this.#cache.delete(path);
    this.#cache.set(path, found);
    this.#last = found;
    return found;
  }

  #opened(path: PathString, missing: MissingDirectory | "leave"): Parent | undefined {
    const fd = path === "" ? this.#root.fd : this.#descriptor(path, missing);
    if (fd === undefined) return undefined;
    const status = statusOf(fd);
    this.#unlock(fd, path, status);
    const parent: Parent = { fd, path, identity: status.identity };
    const [oldest] = this.#cache.values();
    if (this.#cache.size >= CACHE_SIZE && oldest !== undefined) {
      this.#cache.delete(oldest.path);
      this.#retired.push(oldest);
    }
    this.#cache.set(path, parent);
    this.#last = parent;
    return parent;
  }

  /** Opened to go on from there only. */
  #descriptor(path: PathString, missing: MissingDirectory | "leave"): number | undefined {
    try {
      // With the dot, a symlink at the end is one on the way, which stays beneath the root.
      return openBeneath(this.#root.fd, systemPath(path === "" ? "." : `${path}/.`), DIRECTORY);
    } catch (error) {
      if (!GO_STEP_BY_STEP.has(errnoOf(error) ?? "")) throw error;
    }
    return walkBeneath(this.#root.fd, path, missing, (fd, at) => this.#unlock(fd, at, statusOf(fd)));
  }

  /** A user may have directories that even they cannot write in, from an archive of root's. */
  #unlock(fd: number, path: PathString, status: FileStatus): void {
    if (!this.#isUser || (status.mode & OWNER_ALL) === OWNER_ALL || status.uid !== process.geteuid?.()) {
      this.#times.keep(path, status);
      return;
    }
    this.#times.keepMode(path, status);
    chmodSync(`/proc/self/fd/${fd}`, (status.mode & 0o7777) | OWNER_ALL);
  }
}

/** Why the kernel's own walk may end where one by steps goes on; EPERM and ENOSYS: it has no openat2. */
const GO_STEP_BY_STEP: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "EACCES",
  "ELOOP",
  "ENAMETOOLONG",
  "EAGAIN",
  "ENOSYS",
  "EPERM",
  "EXDEV",
]);
