import { CooperError } from "@cooper/sys";

/** What can go wrong with packages and their repositories. Sorted by name, a sentence each. */
export type DistroErrorCode =
  /** A dependency or request that is not written as its ecosystem writes them. */
  | "DEPENDENCY_INVALID"
  /** What was fetched has another digest than the one it was to have. */
  | "DIGEST_MISMATCH"
  /** The local Nix cannot evaluate what it was asked for. */
  | "EVALUATION_FAILED"
  /** A repository did not give a file: its answer, or the network's fault, is the cause. */
  | "FETCH_FAILED"
  /** A file is larger than its limit. */
  | "FILE_TOO_LARGE"
  /** An index or signature is past the time until which it counts. */
  | "INDEX_EXPIRED"
  /** An index that is not written as its ecosystem writes them, or a record in it that makes no sense. */
  | "INDEX_INVALID"
  /** An index is older than one that was seen before. */
  | "INDEX_ROLLED_BACK"
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
  /** A budget of layers that no image can have. */
  | "LAYERING_INVALID"
  /** A lock file that is not one, or is not for this request. */
  | "LOCK_INVALID"
  /** A file that a repository does not have. */
  | "NOT_FOUND"
  /** A file is not in the cache, and nothing may be fetched. */
  | "OFFLINE"
  /** Two packages have one file, and neither replaces the other. */
  | "PACKAGE_CONFLICT"
  /** A package's file is damaged, or has in it what may not be there: a path that leaves the root. */
  | "PACKAGE_INVALID"
  /** A platform that the ecosystem or the repository has nothing for. */
  | "PLATFORM_UNSUPPORTED"
  /** The host lacks a program that an ecosystem works with; the message says what to install. */
  | "PROGRAM_MISSING"
  /** No repository is configured, or its configuration cannot be read. */
  | "REPOSITORY_INVALID"
  /** What follows a scheme is not a list of packages. */
  | "REQUEST_INVALID"
  /** A signature does not fit: the wrong key under that name, or an index that was changed. */
  | "SIGNATURE_INVALID"
  /** A file has another size than it was to have. */
  | "SIZE_MISMATCH"
  /** More repositories at once than can be told apart. */
  | "TOO_MANY_REPOSITORIES"
  /** No set of packages fulfils the request; the message names what stands in the way. */
  | "UNSOLVABLE";

export class DistroError extends CooperError<DistroErrorCode> {
  override name = "DistroError";
}
