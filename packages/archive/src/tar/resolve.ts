import type { Limits } from "../limits.ts";
import type { EntryType, PathString, TarEntry } from "./entry.ts";
import {
  NO_RECORDS,
  numberRecord,
  type PaxRecords,
  pathRecord,
  type SparsePair,
  timeRecord,
  xattrRecords,
} from "./extended.ts";
import type { Header } from "./header.ts";
import { stripTrailingSlashes } from "./path.ts";

/** What the extended headers right before a member say. */
export interface Extended {
  readonly local: PaxRecords;
  readonly sparsePairs: readonly SparsePair[];
  /** GNU's long names: they win over PAX records, as in Go's archive/tar. */
  readonly longPath: PathString | undefined;
  readonly longLinkPath: PathString | undefined;
}

export const NOTHING_EXTENDED: Extended = {
  local: NO_RECORDS,
  sparsePairs: [],
  longPath: undefined,
  longLinkPath: undefined,
};

/** All that a member's headers say, and the records that are in force for it. */
export interface Said {
  readonly header: Header;
  readonly extended: Extended;
  readonly records: PaxRecords;
  readonly limits: Limits;
  /** Where its own header lies in the archive. */
  readonly offset: number;
}

/** The member's path, as it stands. */
export function resolvePath({ header, extended, records, limits, offset }: Said): PathString {
  return (
    extended.longPath ??
    pathRecord(records, "GNU.sparse.name", limits, offset) ??
    pathRecord(records, "path", limits, offset) ??
    header.path
  );
}

/** The member that its headers describe together. */
export function resolveEntry(said: Said, path: PathString, type: EntryType, size: number): TarEntry {
  const { header, records, limits, offset } = said;
  return {
    path: stripTrailingSlashes(path),
    type,
    mode: header.mode & 0o7777,
    uid: numberRecord(records, "uid", offset) ?? header.uid,
    gid: numberRecord(records, "gid", offset) ?? header.gid,
    size,
    mtime: timeRecord(records, "mtime", offset) ?? { seconds: header.seconds, nanoseconds: 0 },
    linkPath: type === "symlink" || type === "hardlink" ? resolveLinkPath(said) : "",
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    userName: pathRecord(records, "uname", limits, offset) ?? header.userName,
    groupName: pathRecord(records, "gname", limits, offset) ?? header.groupName,
    xattrs: xattrRecords(records, limits, offset),
  };
}

function resolveLinkPath({ header, extended, records, limits, offset }: Said): PathString {
  return extended.longLinkPath ?? pathRecord(records, "linkpath", limits, offset) ?? header.linkPath;
}
