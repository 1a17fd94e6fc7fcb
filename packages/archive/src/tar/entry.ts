/**
 * A name as it stands in an archive or on a disk: bytes, written as a string. Bytes that are not
 * UTF-8 are lone surrogates U+DC80–U+DCFF (as Python's surrogateescape), so every name survives
 * the way there and back; `decodePath` and `encodePath` convert. Sorting is by the bytes, never by
 * the UTF-16 units.
 */
export type PathString = string;

/** Seconds since 1970 and the part of a second, in nanoseconds (0 to 999 999 999, also before 1970). */
export interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export type EntryType =
  | "file"
  | "directory"
  | "symlink"
  | "hardlink"
  | "character-device"
  | "block-device"
  | "fifo";

/** One member of a tar archive, without its content. */
export interface TarEntry {
  /** As in the archive, without a trailing slash: neither cleaned nor trusted. */
  readonly path: PathString;
  readonly type: EntryType;
  /** Permission, setuid, setgid and sticky bits: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; for a sparse file the whole length, holes too. 0 for all but files. */
  readonly size: number;
  readonly mtime: Timestamp;
  /** The target of a symlink (as written) or of a hard link (a path in the archive); else "". */
  readonly linkPath: PathString;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly userName: string;
  readonly groupName: string;
  /** By full name such as `security.capability` or `user.a`; values are binary. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}
