import { closeSync, constants, openSync } from "node:fs";
import {
  type FileStatus,
  listDirectory,
  openAt,
  type PathOrDescriptor,
  readLinkAt,
  statusAt,
  statusOf,
} from "@cooper/sys";
import type { EntryType, PathString, TarEntry, Timestamp } from "../tar/entry.ts";
import { decodePath } from "../tar/path.ts";
import { diskEntry, NO_XATTRS, typeOf } from "./disk-entry.ts";
import { fileChanged, packFault } from "./fault.ts";
import {
  cleanPath,
  joinPath,
  baseOf,
  type ListedName,
  listedName,
  parentOf,
  pathThroughDescriptor,
} from "./name.ts";
import type { PackOptions } from "./pack-options.ts";
import type { Owner } from "./record.ts";
import { isOpaque, isOverlayWhiteout } from "./whiteout.ts";

/** A member of the tree; `fd` is a file's content, open until the next one is asked for. */
export interface Visited {
  readonly entry: TarEntry;
  readonly status: FileStatus;
  readonly fd: number | undefined;
}

interface Frame {
  readonly fd: number;
  readonly path: PathString;
  /** One character per byte, sorted. */
  readonly names: readonly string[];
  next: number;
}

/** Walks a tree by directory descriptors, so that no directory on the way can be swapped for a symlink. */
export class TreeWalk {
  readonly #directory: string;
  readonly #options: PackOptions;
  readonly #prefix: PathString;
  readonly #frames: Frame[] = [];
  /** Of files with several names: the member of the first one, by identity. */
  readonly #linked = new Map<string, TarEntry>();
  #file: number | undefined;
  #hasStarted = false;
  /** What follows the member that was given last: an opaque directory's marker. */
  #pending: Visited | undefined;

  constructor(directory: string, options: PackOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#prefix = cleanPath(options.prefix ?? "");
  }

  /** The next member, or undefined at the end. */
  next(): Visited | undefined {
    this.#closeFile();
    if (!this.#hasStarted) {
      const root = this.#start();
      if (root !== undefined) return root;
    }
    const pending = this.#pending;
    if (pending !== undefined) {
      this.#pending = undefined;
      return pending;
    }
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return undefined;
      const bytes = frame.names[frame.next++];
      if (bytes === undefined) {
        this.#frames.pop();
        closeSync(frame.fd);
        continue;
      }
      const name = listedName(bytes);
      const path = joinPath(frame.path, name.path);
      try {
        const visited = this.#visit(frame.fd, name, path);
        if (visited !== undefined) return visited;
      } catch (error) {
        throw packFault(this.#directory, path, error);
      }
    }
  }

  close(): void {
    this.#closeFile();
    for (const frame of this.#frames.splice(0)) closeSync(frame.fd);
  }

  #start(): Visited | undefined {
    this.#hasStarted = true;
    try {
      const fd = openSync(this.#directory, constants.O_RDONLY | constants.O_DIRECTORY);
      this.#enter(fd, this.#prefix);
      if (this.#options.root !== "include" || this.#prefix !== "") return undefined;
      const status = statusOf(fd);
      const entry = this.#entry(".", "directory", status, fd);
      return { entry, status, fd: undefined };
    } catch (error) {
      throw packFault(this.#directory, "", error);
    }
  }

  #enter(fd: number, path: PathString): void {
    try {
      // Strings of one character per byte compare as the bytes do.
      this.#frames.push({ fd, path, names: listDirectory(fd).toSorted(compareUnits), next: 0 });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #visit(parent: number, name: ListedName, path: PathString): Visited | undefined {
    const status = statusAt(parent, name.system);
    if (status === undefined) throw fileChanged(this.#directory, path, "it was removed");
    const type = typeOf(status);
    if (type === undefined) {
      this.#options.onNote?.({ kind: "socket-skipped", path });
      return undefined;
    }
    if (type === "directory") return this.#visitDirectory(parent, name, path);
    if (this.#options.overlay === "oci" && isOverlayWhiteout(status)) {
      return this.#marker(joinPath(parentOf(path), `.wh.${baseOf(path)}`), status);
    }
    const first = status.links > 1 ? this.#linked.get(status.identity) : undefined;
    if (first !== undefined) {
      const link: TarEntry = {
        ...first,
        path,
        type: "hardlink",
        size: 0,
        linkPath: first.path,
        xattrs: NO_XATTRS,
      };
      return this.#passes(link) ? { entry: link, status, fd: undefined } : undefined;
    }
    let entry: TarEntry;
    if (type === "file") {
      // O_NONBLOCK: should it have become a named pipe by now, opening it must not wait.
      this.#file = openAt(parent, name.system, constants.O_RDONLY | constants.O_NONBLOCK);
      entry = this.#entry(path, type, status, this.#file);
    } else {
      entry = this.#entry(path, type, status, pathThroughDescriptor(parent, name.path));
      if (type === "symlink") entry = { ...entry, linkPath: decodePath(readLinkAt(parent, name.system)) };
    }
    if (!this.#passes(entry)) return undefined;
    if (status.links > 1) this.#linked.set(status.identity, entry);
    return { entry, status, fd: entry.type === "file" ? this.#file : undefined };
  }

  #visitDirectory(parent: number, name: ListedName, path: PathString): Visited | undefined {
    const fd = openAt(parent, name.system, constants.O_RDONLY | constants.O_DIRECTORY);
    let entry: TarEntry;
    let status: FileStatus;
    try {
      status = statusOf(fd);
      entry = this.#entry(path, "directory", status, fd);
      if (!this.#passes(entry)) {
        closeSync(fd);
        return undefined;
      }
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    if (this.#options.overlay === "oci" && isOpaque(fd)) {
      this.#pending = this.#marker(joinPath(path, ".wh..wh..opq"), status);
    }
    this.#enter(fd, path);
    return { entry, status, fd: undefined };
  }

  /** An empty file that says what a layer hides. */
  #marker(path: PathString, status: FileStatus): Visited {
    const entry: TarEntry = {
      path,
      type: "file",
      mode: 0,
      ...ROOT,
      size: 0,
      mtime: this.#time(status.mtime),
      linkPath: "",
      deviceMajor: 0,
      deviceMinor: 0,
      userName: "",
      groupName: "",
      xattrs: NO_XATTRS,
    };
    return { entry, status, fd: undefined };
  }

  #entry(path: PathString, type: EntryType, status: FileStatus, target: PathOrDescriptor): TarEntry {
    const { owner = "keep", xattrs = "keep" } = this.#options;
    const entry = diskEntry({ path, type, status, target }, { owner, xattrs });
    return { ...entry, mtime: this.#time(entry.mtime) };
  }

  #time(time: Timestamp): Timestamp {
    const { mtime = "keep" } = this.#options;
    if (mtime === "keep") return time;
    if ("set" in mtime) return mtime.set;
    const { clamp } = mtime;
    const isLater =
      time.seconds > clamp.seconds ||
      (time.seconds === clamp.seconds && time.nanoseconds > clamp.nanoseconds);
    return isLater ? clamp : time;
  }

  #passes(entry: TarEntry): boolean {
    return this.#options.filter === undefined || this.#options.filter(entry);
  }

  #closeFile(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
  }
}

/** The members for the directories that lead to the prefix. */
export function leadingDirectories({ prefix = "", owner = "keep", mtime = "keep" }: PackOptions): TarEntry[] {
  const components = cleanPath(prefix).split("/");
  if (components[0] === "") return [];
  return components.map((_, index) => ({
    path: components.slice(0, index + 1).join("/"),
    type: "directory",
    mode: 0o755,
    ...(typeof owner === "object" ? { uid: owner.uid, gid: owner.gid } : ROOT),
    size: 0,
    mtime: typeof mtime === "object" && "set" in mtime ? mtime.set : { seconds: 0, nanoseconds: 0 },
    linkPath: "",
    deviceMajor: 0,
    deviceMinor: 0,
    userName: "",
    groupName: "",
    xattrs: NO_XATTRS,
  }));
}

const ROOT: Owner = { uid: 0, gid: 0 };

function compareUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
