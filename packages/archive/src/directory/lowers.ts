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
  readonly #directories: () => readonly string[];
  readonly #settings: UnpackSettings;
  #roots: readonly number[] | undefined;

  /** The topmost first; asked for when something is looked for. */
  constructor(directories: () => readonly string[], settings: UnpackSettings) {
    this.#directories = directories;
    this.#settings = settings;
  }

  close(): void {
    for (const fd of this.#roots ?? []) closeSync(fd);
  }

  #open(): readonly number[] {
    if (this.#roots !== undefined) return this.#roots;
    const roots: number[] = [];
    const directories = this.#directories();
    this.#roots = roots;
    for (const directory of directories)
      roots.push(openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY));
    return roots;
  }

  /**
   * What a path is there; its directories must be none that are symlinks. `read` gets the file's
   * content, open for reading; it is called before this returns.
   */
  find(path: PathString, read: (entry: TarEntry, content: number | undefined) => void): boolean {
    for (const root of this.#open()) {
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
