import type { EntryType, PathString } from "./entry.ts";
import type { Header } from "./header.ts";

/** What a member is, and whether content follows its header. No type: it is to be skipped. */
export interface Kind {
  readonly type: EntryType | undefined;
  readonly hasContent: boolean;
}

const FILE: Kind = { type: "file", hasContent: true };
const DIRECTORY: Kind = { type: "directory", hasContent: false };
const SKIPPED: Kind = { type: undefined, hasContent: true };

/**
 * As Go's archive/tar, which Docker and containerd unpack with, reads them: these have no content,
 * whatever their size says. Star gives hard links the size of their file, and others directories.
 */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["1", { type: "hardlink", hasContent: false }],
  ["2", { type: "symlink", hasContent: false }],
  ["3", { type: "character-device", hasContent: false }],
  ["4", { type: "block-device", hasContent: false }],
  ["5", DIRECTORY],
  ["6", { type: "fifo", hasContent: false }],
  // GNU tar --incremental: a directory whose content is a list of names.
  ["D", { type: "directory", hasContent: true }],
  // Solaris: an access control list, an extended attribute header, an inode alone.
  ["A", SKIPPED],
  ["E", SKIPPED],
  ["I", SKIPPED],
  // GNU tar: names of an old kind, and the label of the volume.
  ["N", SKIPPED],
  ["V", SKIPPED],
]);

/** What the member of this header is; a flag that nobody knows means a file, as POSIX has it. */
export function typeOf(header: Header, path: PathString): Kind | "volume-part" {
  const { typeFlag, dialect } = header;
  if (typeFlag === 0x4d) return "volume-part"; // M
  // Before there was a flag for directories, a slash at the end told.
  const isOld = typeFlag === 0 || (typeFlag === 0x30 && dialect === "v7");
  if (isOld && path.endsWith("/")) return DIRECTORY;
  return KINDS.get(String.fromCharCode(typeFlag)) ?? FILE;
}
