import { CooperError, isFault } from "@cooper/sys";
import type { FaultDetails } from "@cooper/sys";

/**
 * What a registry answers when it does not do as asked: the codes of distribution-spec, "Error
 * Codes", and three of Cooper's own. One line each, sorted by name.
 */
export type RegistryErrorCode =
  /** The repository has no blob of that digest. */
  | "BLOB_UNKNOWN"
  /** The upload cannot go on like this: a chunk out of order, a second writer, a malformed range. */
  | "BLOB_UPLOAD_INVALID"
  /** There is no upload of that id in the repository: finished, cancelled, or never started. */
  | "BLOB_UPLOAD_UNKNOWN"
  /** Cooper's own: the registry is told to run in a way that makes no sense. */
  | "CONFIG_INVALID"
  /** The visitor is known and may not do this. */
  | "DENIED"
  /** The digest is malformed, of an unknown algorithm, or not that of the content. */
  | "DIGEST_INVALID"
  /** Cooper's own: what was asked for could not be made, through no fault of its name. */
  | "MAKE_FAILED"
  /** The manifest names a blob or manifest that the repository does not have. */
  | "MANIFEST_BLOB_UNKNOWN"
  /** The manifest is not what its media type says, or its tag is malformed. */
  | "MANIFEST_INVALID"
  /** The repository has no manifest of that tag or digest. */
  | "MANIFEST_UNKNOWN"
  /** The repository's name does not follow the grammar. */
  | "NAME_INVALID"
  /** There is no such repository. */
  | "NAME_UNKNOWN"
  /** More or fewer bytes than were announced, or more than are allowed. */
  | "SIZE_INVALID"
  /** More is going on than the registry allows at once; worth a retry. */
  | "TOOMANYREQUESTS"
  /** The visitor must say who they are. */
  | "UNAUTHORIZED"
  /** The registry does not do this. */
  | "UNSUPPORTED"
  /** Cooper's own: the registry's storage failed; the cause is in its log and not in the answer. */
  | "STORAGE_FAULT"
  /** Cooper's own: a fault nobody foresaw. */
  | "UNKNOWN";

const STATUS: Readonly<Record<RegistryErrorCode, number>> = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  CONFIG_INVALID: 500,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MAKE_FAILED: 424,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
  STORAGE_FAULT: 500,
  UNKNOWN: 500,
};

export interface RegistryErrorDetails extends FaultDetails {
  /** The HTTP status, where it is not the usual one of the code. */
  readonly status?: number;
  /** Headers that the answer must have, such as `Range` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class RegistryError extends CooperError<RegistryErrorCode> {
  override name = "RegistryError";
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RegistryErrorCode, message: string, details: RegistryErrorDetails = {}) {
    super(code, message, { kind: code === "TOOMANYREQUESTS" ? "passing" : "failed", ...details });
    this.status = details.status ?? STATUS[code];
    this.headers = details.headers ?? {};
  }
}

/** Any error as one that can be answered. What failed inside is for the log, and not for a visitor. */
export function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (isFault(error, "DISK_FULL") || hasCode(error, "ENOSPC", "EDQUOT")) {
    return new RegistryError("STORAGE_FAULT", "the registry has no room left", { cause: error, status: 507 });
  }
  if (isFault(error) || (error instanceof Error && "syscall" in error)) {
    return new RegistryError("STORAGE_FAULT", "the registry's storage failed", { cause: error });
  }
  return new RegistryError("UNKNOWN", "the registry failed", { cause: error });
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}
