import { closeSync } from "node:fs";
import {
  type FileStatus,
  errnoOf,
  makeDirectoryAt,
  makeSymlinkAt,
  removeFileAt,
  setXattr,
  statusOf,
} from "@cooper/sys";
import type { PathString } from "../tar/entry.ts";
import { type Attributes, setAttributesAt, setOwnerOf, setXattrs } from "./attributes.ts";
import { NO_XATTRS } from "./disk-entry.ts";
import type { DirectoryTimes } from "./directory-times.ts";
import { pathInvalid } from "./fault.ts";
import type { Lowers } from "./lowers.ts";
import { systemPath } from "./name.ts";
import type { OwnNames } from "./own-names.ts";
import { openDirectory } from "./removal.ts";
import type { UnpackSettings } from "./unpack-options.ts";
import type { MissingDirectory } from "./walk-beneath.ts";
import { isOverlayWhiteout } from "./whiteout.ts";

/** A directory that only we may look into until all is in it. */
export const UNFINISHED_MODE = 0o700;

/** Makes the directories that the paths of an archive presume and that it does not have itself. */
export class PresumedDirectories implements MissingDirectory {
  readonly #settings: UnpackSettings;
  readonly #times: DirectoryTimes;
  readonly #own: OwnNames | undefined;
  readonly #lowers: Lowers | undefined;

  constructor(
    settings: UnpackSettings,
    times: DirectoryTimes,
    own: OwnNames | undefined,
    lowers: Lowers | undefined,
  ) {
    this.#settings = settings;
    this.#times = times;
    this.#own = own;
    this.#lowers = lowers;
  }

  make(parent: number, name: PathString, path: PathString, status: FileStatus | undefined): void {
    this.#own?.add(statusOf(parent).identity, name);
    if (status !== undefined) {
      const { whiteouts } = this.#settings;
      if (whiteouts !== "overlay" || !isOverlayWhiteout(status)) throw inTheWay(path);
      removeFileAt(parent, systemPath(name));
      this.#makeDirectory(parent, name, presumed(path), "opaque");
      return;
    }
    const isBelow = this.#lowers?.find(path, (entry) => {
      if (entry.type === "directory") {
        this.#makeDirectory(parent, name, entry, "transparent");
      } else if (entry.type === "symlink") {
        // In the merged view it makes no difference; here it shows where the path leads.
        makeSymlinkAt(systemPath(entry.linkPath), parent, systemPath(name));
        setAttributesAt(parent, name, entry, this.#settings);
      } else {
        throw inTheWay(path);
      }
    });
    if (isBelow !== true) this.#makeDirectory(parent, name, presumed(path), "transparent");
  }

  #makeDirectory(parent: number, name: PathString, of: Attributes, below: "opaque" | "transparent"): void {
    const system = systemPath(name);
    try {
      makeDirectoryAt(parent, system, UNFINISHED_MODE);
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return; // somebody was quicker: whoever walks looks again
      throw error;
    }
    const fd = openDirectory(parent, system);
    try {
      if (below === "opaque") setXattr(fd, this.#settings.opaqueXattr, Buffer.from("y"));
      setOwnerOf(fd, of, this.#settings);
      setXattrs(fd, of, this.#settings);
      const { path, mode, mtime } = of;
      this.#times.set(statusOf(fd).identity, { path, mode, mtime });
    } finally {
      closeSync(fd);
    }
  }
}

/** The same on every host and at every time. */
function presumed(path: PathString): Attributes {
  return {
    path,
    type: "directory",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    xattrs: NO_XATTRS,
  };
}

function inTheWay(path: PathString): Error {
  return pathInvalid(path, "something is there that is no directory");
}
