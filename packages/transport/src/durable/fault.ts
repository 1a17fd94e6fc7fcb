import { fileFault } from "@cooper/archive";
import { CooperError, errnoOf } from "@cooper/sys";

/** A file's fault in words (archive's `FILE_…` and `DISK_FULL`); other errors as they are. */
export function writeFault(path: string, error: unknown): unknown {
  if (error instanceof CooperError || errnoOf(error) === undefined) return error;
  return fileFault("write", path, error);
}
