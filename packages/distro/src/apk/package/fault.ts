import { isFault } from "@cooper/sys";
import { DistroError } from "../../errors.ts";

/** What a package is called in errors: `curl-8.1.2-r0`. */
export type PackageLabel = string;

export function invalid(label: PackageLabel, what: string, cause?: unknown): DistroError {
  return new DistroError("PACKAGE_INVALID", `${label}: ${what}`, {
    cause,
    advice: "Fetch it from another mirror; if it stays so, tell whoever keeps the repository.",
    fields: { package: label },
  });
}

export function changed(label: PackageLabel, what: string): DistroError {
  return new DistroError("DIGEST_MISMATCH", `${label}: ${what}`, {
    advice: "It was damaged or replaced on its way: fetch it again, or from another mirror.",
    fields: { package: label },
  });
}

/** The archive's faults are a package's faults here. */
export function named(label: PackageLabel, cause: unknown): unknown {
  if (cause instanceof DistroError) return cause;
  if (isFault(cause, "TRUNCATED")) return invalid(label, `it is cut short: ${cause.message}`, cause);
  if (isFault(cause, "LIMIT_EXCEEDED")) return invalid(label, `it is too large: ${cause.message}`, cause);
  if (isFault(cause, "COMPRESSION_INVALID", "COMPRESSION_UNSUPPORTED", "TAR_INVALID", "TAR_UNSUPPORTED")) {
    return invalid(label, `it is damaged: ${cause.message}`, cause);
  }
  return cause;
}
