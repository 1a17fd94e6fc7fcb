import { CooperError } from "@cooper/sys";
import { DistroError } from "../../errors.ts";

/** A package's file that is damaged, or has in it what may not be there. `what` goes on: "has a member …". */
export function packageInvalid(label: string, what: string, path?: string): DistroError {
  return new DistroError("PACKAGE_INVALID", `${label} ${what}`, {
    advice: "Nothing of it was used. Ask whoever keeps the repository.",
    fields: { package: label, ...(path === undefined ? {} : { path }) },
  });
}

/** Gives what goes wrong with the bytes of a package the package's name. */
export function inPackage(label: string, error: unknown): unknown {
  if (!(error instanceof CooperError) || error instanceof DistroError) return error;
  return new DistroError("PACKAGE_INVALID", `${label} cannot be read: ${error.message}`, {
    cause: error,
    fields: { package: label },
    ...(error.advice === undefined ? {} : { advice: error.advice }),
  });
}
