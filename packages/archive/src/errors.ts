import { CooperError } from "@cooper/sys";

/** What can go wrong with bytes. One line each; several people add to it, sorted by name. */
export type ArchiveErrorCode =
  /** The bytes do not have the digest they were promised to have. */
  | "DIGEST_MISMATCH"
  /** There are more or fewer bytes than promised. */
  | "SIZE_MISMATCH"
  /** The stream ended in the middle of something. */
  | "TRUNCATED";

export class ArchiveError extends CooperError<ArchiveErrorCode> {}
