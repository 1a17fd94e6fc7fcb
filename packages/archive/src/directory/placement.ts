import { closeSync, constants, fchmodSync } from "node:fs";
import {
  type FileStatus,
  errnoOf,
  makeDirectoryAt,
  makeLinkAt,
  makeNodeAt,
  makeSymlinkAt,
  openAt,
  setXattr,
  statusAt,
  statusOf,
} from "@cooper/sys";
import type { PathString, TarEntry } from "../tar/entry.ts";
import type { TarMember } from "../tar/member.ts";
import { clearXattrs, setAttributes, setAttributesAt, setOwnerOf, setXattrs, trySet } from "./attributes.ts";
import type { Destination, Parent } from "./destination.ts";
import type { DirectoryTimes } from "./directory-times.ts";
import { hardLinkInvalid, ownerRefused, pathInvalid } from "./fault.ts";
import { copyContent, writeAll, writeContent } from "./file-content.ts";
import type { Lowers } from "./lowers.ts";
import { baseOf, cleanPath, joinPath, parentOf, systemPath } from "./name.ts";
import { UNFINISHED_MODE } from "./presumed-directory.ts";
import { DEVICE_XATTR, encodeDevice } from "./record.ts";
import { isDirectory, isSymlink, openDirectory, removeName } from "./removal.ts";
import type { UnpackSettings } from "./unpack-options.ts";
import { isOverlayWhiteout } from "./whiteout.ts";

/** How often somebody may put something in the place of what was just removed. */
const TRIES = 16;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

export interface PlacementParts {
  readonly destination: Destination;
  readonly times: DirectoryTimes;
  readonly settings: UnpackSettings;
  readonly lowers: Lowers | undefined;
  /** Called after each piece of a long content; to be waited for. */
  readonly passed: () => Promise<void>;
}

/** Puts members in their places, as new files: what is there is removed first, never written into. */
export class Placement {
  readonly #destination: Destination;
  readonly #times: DirectoryTimes;
  readonly #settings: UnpackSettings;
  readonly #lowers: Lowers | undefined;
  readonly #passed: () => Promise<void>;

  constructor({ destination, times, settings, lowers, passed }: PlacementParts) {
    this.#destination = destination;
    this.#times = times;
    this.#settings = settings;
    this.#lowers = lowers;
    this.#passed = passed;
  }

  /** A promise where the content has still to come. */
  file(parent: Parent, name: PathString, member: TarMember): Promise<void> | undefined {
    const fd = this.#create(parent, name);
    if (member.bytes === undefined) return this.#stream(fd, member);
    try {
      writeAll(fd, member.bytes);
      setAttributes(fd, member, this.#settings);
    } finally {
      closeSync(fd);
    }
    return undefined;
  }

  directory(parent: Parent, name: PathString, entry: TarEntry): void {
    const path = joinPath(parent.path, name);
    const system = systemPath(name);
    let replaced: FileStatus | undefined;
    let isThere = false;
    try {
      makeDirectoryAt(parent.fd, system, UNFINISHED_MODE);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      const status = statusAt(parent.fd, system);
      isThere = status !== undefined && isDirectory(status);
      if (!isThere) {
        replaced = status;
        this.#over(parent, name, () => makeDirectoryAt(parent.fd, system, UNFINISHED_MODE));
      }
    }
    const fd = openDirectory(parent.fd, system);
    try {
      if (replaced !== undefined && this.#isWhiteout(replaced)) this.setOpaque(fd);
      this.#finishDirectory(fd, path, entry, isThere);
    } finally {
      closeSync(fd);
    }
  }

  /** The directory that all is unpacked in, as a member of its own. */
  root(entry: TarEntry): void {
    if (entry.type !== "directory") throw pathInvalid(entry.path, "only a directory can be the root");
    const fd = openDirectory(this.#destination.open("").fd, ".");
    try {
      this.#finishDirectory(fd, "", entry, true);
    } finally {
      closeSync(fd);
    }
  }

  symlink(parent: Parent, name: PathString, entry: TarEntry): void {
    const target = systemPath(entry.linkPath);
    this.#over(parent, name, () => makeSymlinkAt(target, parent.fd, systemPath(name)));
    setAttributesAt(parent.fd, name, entry, this.#settings);
  }

  /** False where it was left out. */
  node(parent: Parent, name: PathString, entry: TarEntry): boolean {
    const { type } = entry;
    if (type !== "character-device" && type !== "block-device" && type !== "fifo") return false;
    const { devices, note, whiteouts } = this.#settings;
    const { deviceMajor, deviceMinor } = entry;
    const isFake = whiteouts === "overlay" && type === "character-device" && deviceMajor + deviceMinor === 0;
    // A whiteout is a name in a layer; a device that overlayfs would take for one is none.
    if (isFake || (type !== "fifo" && devices === "skip")) {
      note({ kind: "device-skipped", path: entry.path });
      return false;
    }
    if (type !== "fifo" && devices === "record") {
      const fd = this.#create(parent, name);
      try {
        const isSet = trySet(fd, DEVICE_XATTR, encodeDevice({ type, deviceMajor, deviceMinor }));
        if (!isSet) note({ kind: "device-skipped", path: entry.path });
        setAttributes(fd, { ...entry, type: "file" }, this.#settings);
      } finally {
        closeSync(fd);
      }
      return true;
    }
    this.#over(parent, name, () => {
      try {
        makeNodeAt(parent.fd, systemPath(name), type, UNFINISHED_MODE & 0o600, deviceMajor, deviceMinor);
      } catch (error) {
        if (errnoOf(error) === "EINVAL") throw pathInvalid(entry.path, "Linux has no such device numbers");
        if (errnoOf(error) !== "EPERM") throw error;
        throw ownerRefused(entry.path, "this user may not make device nodes", "devices", error);
      }
    });
    setAttributesAt(parent.fd, name, entry, this.#settings);
    return true;
  }

  /**
   * A second name for a file of the archive, or of what is below. The target is a path from the root,
   * symlinks on its way stay beneath the root, and one at its end gets the second name itself.
   */
  hardLink(parent: Parent, name: PathString, entry: TarEntry): void {
    const target = cleanPath(entry.linkPath);
    const fail = (why: string): Error => hardLinkInvalid(entry.path, entry.linkPath, why);
    if (target === "") throw fail("which is the root");
    const from = this.#linkParent(target);
    const status = from === undefined ? undefined : statusAt(from.fd, systemPath(baseOf(target)));
    if (from === undefined || status === undefined || this.#isWhiteout(status)) {
      throw fail("which is not there");
    }
    if (isDirectory(status)) throw fail("which is a directory");
    if (statusAt(parent.fd, systemPath(name))?.identity === status.identity) return;
    this.#over(parent, name, () =>
      makeLinkAt(from.fd, systemPath(baseOf(target)), parent.fd, systemPath(name)),
    );
  }

  setOpaque(fd: number): void {
    setXattr(fd, this.#settings.opaqueXattr, Buffer.from("y"));
  }

  /** The target's directory, with the target in it if a layer below has it. */
  #linkParent(target: PathString): Parent | undefined {
    const parent = this.#destination.find(parentOf(target));
    const name = baseOf(target);
    const isHere = parent !== undefined && statusAt(parent.fd, systemPath(name)) !== undefined;
    if (isHere || this.#lowers === undefined) return parent;
    const made = this.#destination.open(parentOf(target));
    this.#lowers.find(joinPath(this.#destination.realPath(made), name), (entry, content) => {
      if (content !== undefined) this.#copy(made, name, entry, content);
      else if (entry.type === "symlink") this.symlink(made, name, entry);
      else this.node(made, name, entry);
    });
    return made;
  }

  #copy(parent: Parent, name: PathString, entry: TarEntry, content: number): void {
    const fd = this.#create(parent, name);
    try {
      copyContent(content, fd);
      setAttributes(fd, entry, this.#settings);
    } finally {
      closeSync(fd);
    }
  }

  async #stream(fd: number, member: TarMember): Promise<void> {
    try {
      await writeContent(fd, member, this.#passed);
      setAttributes(fd, member, this.#settings);
    } finally {
      closeSync(fd);
    }
  }

  #finishDirectory(fd: number, path: PathString, entry: TarEntry, isThere: boolean): void {
    if (isThere) clearXattrs(fd);
    setOwnerOf(fd, entry, this.#settings);
    setXattrs(fd, entry, this.#settings);
    const { identity, mode } = statusOf(fd);
    // Until the end, others may not see more in it than they may in the end.
    if (isThere) fchmodSync(fd, (entry.mode & mode & 0o777) | UNFINISHED_MODE);
    this.#times.set(identity, { path, mode: entry.mode, mtime: entry.mtime });
  }

  #create(parent: Parent, name: PathString): number {
    return this.#over(parent, name, () => openAt(parent.fd, systemPath(name), CREATE, 0o600));
  }

  /** Makes a name, in the place of what has it. */
  #over<Made>(parent: Parent, name: PathString, make: () => Made): Made {
    for (let tries = 1; ; tries++) {
      try {
        return make();
      } catch (error) {
        if (errnoOf(error) !== "EEXIST" || tries === TRIES) throw error;
      }
      const removed = removeName(parent.fd, parent.identity, name, NOTHING_IS_KEPT);
      const leads = removed !== undefined && (isDirectory(removed) || isSymlink(removed));
      if (leads) this.#destination.forget();
    }
  }

  #isWhiteout(status: FileStatus): boolean {
    return this.#settings.whiteouts === "overlay" && isOverlayWhiteout(status);
  }
}

const NOTHING_IS_KEPT = (): boolean => false;
