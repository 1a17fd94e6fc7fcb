import { constants } from "node:fs";
import { type FileStatus, listXattrs, type PathOrDescriptor } from "@cooper/sys";
import type { EntryType, PathString, TarEntry } from "../tar/entry.ts";
import { decodeDevice, decodeOwner, DEVICE_XATTR, OWNER_XATTR, type Owner } from "./record.ts";
import { isOfHost } from "./xattr.ts";

export interface OnDisk {
  readonly path: PathString;
  readonly type: EntryType;
  readonly status: FileStatus;
  /** Where its attributes are. */
  readonly target: PathOrDescriptor;
}

export interface DiskEntryOptions {
  readonly owner: "keep" | "recorded" | Owner;
  readonly xattrs: "keep" | "drop";
}

/** What a file on the disk is as a member of an archive; of a symlink, all but where it points. */
export function diskEntry({ path, type, status, target }: OnDisk, options: DiskEntryOptions): TarEntry {
  const isRecorded = options.owner === "recorded";
  const found: ReadonlyMap<string, Buffer> =
    options.xattrs === "keep" || isRecorded ? listXattrs(target) : NO_XATTRS;
  const device = isRecorded && type === "file" ? decodeDevice(found.get(DEVICE_XATTR) ?? NOTHING) : undefined;
  const isDevice = type === "character-device" || type === "block-device";
  const { uid, gid } = ownerOf(options.owner, status, found.get(OWNER_XATTR));
  return {
    path,
    type: device?.type ?? type,
    mode: status.mode & 0o7777,
    uid,
    gid,
    size: type === "file" && device === undefined ? status.size : 0,
    mtime: status.mtime,
    linkPath: "",
    deviceMajor: device?.deviceMajor ?? (isDevice ? status.deviceMajor : 0),
    deviceMinor: device?.deviceMinor ?? (isDevice ? status.deviceMinor : 0),
    userName: "",
    groupName: "",
    xattrs: options.xattrs === "keep" ? withoutHost(found, isRecorded) : NO_XATTRS,
  };
}

/** Undefined for a socket. */
export function typeOf({ mode }: FileStatus): EntryType | undefined {
  return TYPES.get(mode & constants.S_IFMT);
}

export const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

const NOTHING = Buffer.alloc(0);
const ROOT: Owner = { uid: 0, gid: 0 };

const TYPES: ReadonlyMap<number, EntryType> = new Map<number, EntryType>([
  [constants.S_IFREG, "file"],
  [constants.S_IFDIR, "directory"],
  [constants.S_IFLNK, "symlink"],
  [constants.S_IFCHR, "character-device"],
  [constants.S_IFBLK, "block-device"],
  [constants.S_IFIFO, "fifo"],
]);

function ownerOf(owner: DiskEntryOptions["owner"], status: FileStatus, record: Buffer | undefined): Owner {
  if (owner === "keep") return status;
  if (owner === "recorded") return (record === undefined ? undefined : decodeOwner(record)) ?? ROOT;
  return owner;
}

function withoutHost(found: ReadonlyMap<string, Buffer>, isRecorded: boolean): ReadonlyMap<string, Buffer> {
  if (found.size === 0) return found;
  return new Map(
    [...found].filter(
      ([name]) => !isOfHost(name) && !(isRecorded && (name === OWNER_XATTR || name === DEVICE_XATTR)),
    ),
  );
}
