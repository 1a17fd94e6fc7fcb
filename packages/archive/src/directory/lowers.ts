import { closeSync, constants, openSync } from "node:fs";
import { type FileStatus, listXattrs, openAt, readLinkAt, statusAt } from "@cooper/sys";
import type { PathString, TarEntry } from "../tar/entry.ts";
import { decodePath } from "../tar/path.ts";
import { diskEntry, typeOf } from "./disk-entry.ts";
import { pathThroughDescriptor, systemPath } from "./name.ts";
import { isDirectory } from "./removal.ts";
import type { UnpackSettings } from "./unpack-options.ts";
import { isOverlayWhiteout } from "./whiteout.ts";

/** A file in a layer below, in an open directory. */
interface Found {
  readonly parent: number;
  readonly name: PathString;
  readonly status: FileStatus;
}

/**
 * The layers below one that is unpacked in overlayfs's form, as overlayfs sees them: the topmost that
 * has a path wins, unless a whiteout, an opaque directory or a file hides it.
 */
export class Lowers {
  readonly #waiting: Iterator<string>;
  readonly #settings: UnpackSettings;
  readonly #roots: number[] = [];

  /** The topmost first; each is asked for when something is looked for that those before do not have. */
  constructor(directories: Iterable<string>, settings: UnpackSettings) {
    this.#waiting = directories[Symbol.iterator]();
    this.#settings = settings;
  }

  close(): void {
    for (const fd of this.#roots) closeSync(fd);
  }

  *#opened(): Generator<number> {
    yield* this.#roots;
    for (let next = this.#waiting.next(); next.done !== true; next = this.#waiting.next()) {
      const root = openSync(next.value, constants.O_RDONLY | constants.O_DIRECTORY);
      this.#roots.push(root);
      yield root;
    }
  }

  /**
   * What a path is there; its directories must be none that are symlinks. `read` gets the file's
   * content, open for reading; it is called before this returns.
   */
  find(path: PathString, read: (entry: TarEntry, content: number | undefined) => void): boolean {
    for (const root of this.#opened()) {
      const opened: number[] = [];
      try {
        const found = this.#lookUp(root, path, opened);
        if (found === "hidden") return false;
        if (found === undefined) continue;
        return this.#give(found, path, read);
      } finally {
        for (const fd of opened) closeSync(fd);
      }
    }
    return false;
  }

  #lookUp(root: number, path: PathString, opened: number[]): Found | "hidden" | undefined {
    const components = path.split("/");
    const name = components.pop() ?? "";
    let parent = root;
    let isOpaque = false;
    for (const component of components) {
      const status = statusAt(parent, systemPath(component));
      if (status === undefined) return isOpaque ? "hidden" : undefined;
      if (!isDirectory(status)) return "hidden";
      parent = openAt(parent, systemPath(component), constants.O_RDONLY | constants.O_DIRECTORY);
      opened.push(parent);
      isOpaque ||= listXattrs(parent).get(this.#settings.opaqueXattr)?.toString() === "y";
    }
    const status = statusAt(parent, systemPath(name));
    if (status === undefined) return isOpaque ? "hidden" : undefined;
    return isOverlayWhiteout(status) ? "hidden" : { parent, name, status };
  }

  #give(
    { parent, name, status }: Found,
    path: PathString,
    read: (entry: TarEntry, content: number | undefined) => void,
  ): boolean {
    const type = typeOf(status);
    if (type === undefined) return false;
    const target = pathThroughDescriptor(parent, name);
    const owner = OWNER[this.#settings.owners];
    const entry = diskEntry({ path, type, status, target }, { owner, xattrs: "keep" });
    if (entry.type === "symlink") {
      read({ ...entry, linkPath: decodePath(readLinkAt(parent, systemPath(name))) }, undefined);
    } else if (entry.type === "file") {
      const fd = openAt(parent, systemPath(name), constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        read(entry, fd);
      } finally {
        closeSync(fd);
      }
    } else {
      read(entry, undefined);
    }
    return true;
  }
}

const OWNER: Readonly<Record<UnpackSettings["owners"], "keep" | "recorded">> = {
  keep: "keep",
  record: "recorded",
  drop: "keep",
};
