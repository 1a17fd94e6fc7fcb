import { CooperError } from "@cooper/sys";

/** What can go wrong with packages and their repositories. Sorted by name, a sentence each. */
export type DistroErrorCode =
  /** A dependency or request that is not written as apk writes them. */
  | "DEPENDENCY_INVALID"
  /** An index that is no gzipped tar with an APKINDEX in it, or a record in it that makes no sense. */
  | "INDEX_INVALID"
  /** An index is larger, or decompresses to more, than the limit. */
  | "INDEX_TOO_LARGE"
  /** An index ends in the middle. */
  | "INDEX_TRUNCATED"
  /** An index carries no signature at all. */
  | "INDEX_UNSIGNED"
  /** What is given as a public key is none. */
  | "KEY_INVALID"
  /** An index is signed, but by no key that is trusted. */
  | "KEY_UNKNOWN"
  /** A signature does not fit: the wrong key under that name, or an index that was changed. */
  | "SIGNATURE_INVALID"
  /** More repositories at once than can be told apart. */
  | "TOO_MANY_REPOSITORIES"
  /** No set of packages fulfils the request; the message names what stands in the way. */
  | "UNSOLVABLE";

export class DistroError extends CooperError<DistroErrorCode> {}
