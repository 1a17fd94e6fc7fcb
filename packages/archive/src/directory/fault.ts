import { join } from "node:path";
import { errnoOf } from "@cooper/sys";
import { ArchiveError } from "../errors.ts";
import { fileFault } from "../file-fault.ts";
import type { PathString } from "../tar/entry.ts";

/** An error of the system while reading a member of `directory`, as one of ours; others as they are. */
export function packFault(directory: string, path: PathString, error: unknown): unknown {
  return errnoOf(error) === undefined ? error : fileFault("read", join(directory, path), error);
}

/** The same for writing. */
export function unpackFault(directory: string, path: PathString, error: unknown): unknown {
  return errnoOf(error) === undefined ? error : fileFault("write", join(directory, path), error);
}

export function fileChanged(directory: string, path: PathString, what: string): ArchiveError {
  return new ArchiveError("FILE_CHANGED", `cannot pack ${join(directory, path)}: ${what} while it was read`, {
    advice: "Pack a directory that nobody writes to, or try again.",
    fields: { path },
  });
}
