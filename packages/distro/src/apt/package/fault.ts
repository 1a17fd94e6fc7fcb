import { CooperError, isFault } from "@cooper/sys";
import { DistroError } from "../../errors.ts";

/** A package's file that is damaged, or has in it what may not be there. `what` goes on: "has a member …". */
export function packageInvalid(label: string, what: string, path?: string): DistroError {
  return new DistroError("PACKAGE_INVALID", `${label} ${what}`, {
    advice: ADVICE,
    fields: { package: label, ...(path === undefined ? {} : { path }) },
  });
}

const ADVICE = "Nothing of it was used. Ask whoever keeps the repository.";

/** Gives what goes wrong with the bytes of a package the package's name. */
export function inPackage(label: string, error: unknown): unknown {
  if (!(error instanceof CooperError) || error instanceof DistroError) return error;
  const advice = isFault(error, "LIMIT_EXCEEDED") ? ADVICE : error.advice;
  return new DistroError("PACKAGE_INVALID", `${label} cannot be read: ${error.message}`, {
    cause: error,
    fields: { package: label },
    ...(advice === undefined ? {} : { advice }),
  });
}
