import { chmodSync, closeSync, fchmodSync, fchownSync } from "node:fs";
import {
  O_PATH,
  type PathOrDescriptor,
  errnoOf,
  listXattrs,
  openAt,
  removeXattr,
  setOwnerAt,
  setTimes,
  setTimesAt,
  setXattr,
  statusOf,
} from "@cooper/sys";
import type { PathString, TarEntry } from "../tar/entry.ts";
import { ownerRefused, pathInvalid } from "./fault.ts";
import { pathThroughDescriptor, systemPath } from "./name.ts";
import { DEVICE_XATTR, encodeOwner, MAX_ID, OWNER_XATTR } from "./record.ts";
import { typeOf } from "./disk-entry.ts";
import type { UnpackSettings } from "./unpack-options.ts";
import { isOfHost } from "./xattr.ts";

/** What of a member is about its file, whatever its kind. */
export type Attributes = Pick<TarEntry, "path" | "type" | "mode" | "uid" | "gid" | "mtime" | "xattrs">;

/**
 * Gives an open file what its member says. The order matters: a change of owner takes setuid bits and
 * capabilities away, and a mode may forbid attributes.
 */
export function setAttributes(fd: number, of: Attributes, settings: UnpackSettings): void {
  setOwnerOf(fd, of, settings);
  if (of.xattrs.size > 0) setXattrs(fd, of, settings);
  fchmodSync(fd, of.mode);
  setTimes(fd, of.mtime);
}

/** The same for what cannot be opened: symlinks, device nodes and named pipes. */
export function setAttributesAt(
  parent: number,
  name: PathString,
  of: Attributes,
  settings: UnpackSettings,
): void {
  const system = systemPath(name);
  if (settings.owners === "keep") {
    tryOwner(of, () => setOwnerAt(parent, system, of.uid, of.gid));
  } else if (settings.owners === "record" && (of.uid !== 0 || of.gid !== 0)) {
    settings.note({ kind: "owner-lost", path: of.path });
  }
  if (of.xattrs.size > 0) setXattrs(pathThroughDescriptor(parent, name), of, settings);
  if (of.type !== "symlink") setModeAt(parent, name, of);
  setTimesAt(parent, system, of.mtime);
}

/** Sets or records the owner of an open file. */
export function setOwnerOf(fd: number, of: Attributes, settings: UnpackSettings): void {
  if (settings.owners === "keep") {
    tryOwner(of, () => fchownSync(fd, of.uid, of.gid));
  } else if (settings.owners === "record" && (of.uid !== 0 || of.gid !== 0)) {
    checkOwner(of);
    if (!trySet(fd, OWNER_XATTR, encodeOwner(of))) settings.note({ kind: "owner-lost", path: of.path });
  }
}

export function setXattrs(target: PathOrDescriptor, of: Attributes, settings: UnpackSettings): void {
  if (settings.xattrs === "drop") return;
  for (const [name, value] of of.xattrs) {
    if (isOfHost(name) || isRecord(name, settings)) continue;
    if (!trySet(target, name, value)) settings.note({ kind: "xattr-skipped", path: of.path, name });
  }
}

/** Takes off what a directory that was there before has: the member says all that it is to have. */
export function clearXattrs(fd: number): void {
  for (const name of listXattrs(fd).keys()) {
    if (isOfHost(name)) continue;
    try {
      removeXattr(fd, name);
    } catch (error) {
      if (!REFUSED.has(errnoOf(error) ?? "")) throw error;
    }
  }
}

/** False where the file system has no such attributes or this user may not set them. */
export function trySet(target: PathOrDescriptor, name: string, value: Uint8Array): boolean {
  try {
    setXattr(target, name, value);
    return true;
  } catch (error) {
    if (REFUSED.has(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

const REFUSED: ReadonlySet<string> = new Set(["EOPNOTSUPP", "EPERM", "EACCES", "ENODATA", "ENOSYS"]);

/** An archive must not say who owns a file by the attribute in which we write that down. */
function isRecord(name: string, { owners, devices }: UnpackSettings): boolean {
  return (owners === "record" && name === OWNER_XATTR) || (devices === "record" && name === DEVICE_XATTR);
}

function tryOwner(of: Attributes, set: () => void): void {
  checkOwner(of);
  try {
    set();
  } catch (error) {
    const errno = errnoOf(error);
    // EINVAL: in a user namespace, an id that is not mapped.
    if (errno !== "EPERM" && errno !== "EINVAL") throw error;
    throw ownerRefused(of.path, `this user may not give it to ${of.uid}:${of.gid}`, "owners", error);
  }
}

function checkOwner({ path, uid, gid }: Attributes): void {
  if (uid >= 0 && uid <= MAX_ID && gid >= 0 && gid <= MAX_ID) return;
  throw pathInvalid(path, `its owner ${uid}:${gid} is beyond what Linux has`);
}

function setModeAt(parent: number, name: PathString, of: Attributes): void {
  // chmod follows symlinks; by a descriptor of the thing itself there is none to follow.
  const fd = openAt(parent, systemPath(name), O_PATH);
  try {
    if (typeOf(statusOf(fd)) === of.type) chmodSync(`/proc/self/fd/${fd}`, of.mode);
  } finally {
    closeSync(fd);
  }
}
