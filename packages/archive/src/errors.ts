import { CooperError } from "@cooper/sys";

/** What can go wrong with bytes. One line each; several people add to it, sorted by name. */
export type ArchiveErrorCode =
  /** Compressed data are damaged: a checksum, a length or a header is wrong. */
  | "COMPRESSION_INVALID"
  /** Compressed data of a kind that is not read, such as zstd with a dictionary. */
  | "COMPRESSION_UNSUPPORTED"
  /** The content of a member was asked for after the reader had gone on, or for a second time. */
  | "CONTENT_PASSED"
  /** The bytes do not have the digest they were promised to have. */
  | "DIGEST_MISMATCH"
  /** The digest is malformed or of an algorithm that cannot be computed here. */
  | "DIGEST_UNSUPPORTED"
  /** The file system has no room left. */
  | "DISK_FULL"
  /** A file changed while it was being packed. */
  | "FILE_CHANGED"
  /** There is no file of that name. */
  | "FILE_MISSING"
  /** The file cannot be read. */
  | "FILE_UNREADABLE"
  /** The file cannot be written. */
  | "FILE_UNWRITABLE"
  /** A hard link's target is not there, or is a directory. */
  | "HARDLINK_INVALID"
  /** There is no such compression level. */
  | "LEVEL_INVALID"
  /** The input asks for more than a limit allows; the message names the limit. */
  | "LIMIT_EXCEEDED"
  /** This user may not give a file the owner, or make the device, that the archive asks for. */
  | "OWNER_REFUSED"
  /** A path of the archive names a place that it may not: `..`, a file as a directory, a loop of links. */
  | "PATH_INVALID"
  /** There are more or fewer bytes than promised. */
  | "SIZE_MISMATCH"
  /** A member cannot be written as it was given: a path without a name, a negative size. */
  | "TAR_ENTRY_INVALID"
  /** This is no tar archive, or it is damaged at the offset named. */
  | "TAR_INVALID"
  /** A member of a kind that cannot be read from one archive alone, such as a part of a volume set. */
  | "TAR_UNSUPPORTED"
  /** The stream ended in the middle of something. */
  | "TRUNCATED"
  /** A result was asked for before its stream had ended. */
  | "UNFINISHED"
  /** A whiteout names nothing, as `.wh.` alone does. */
  | "WHITEOUT_INVALID";

export class ArchiveError extends CooperError<ArchiveErrorCode> {
  override name = "ArchiveError";
}
