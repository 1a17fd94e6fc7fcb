import { statSync } from "node:fs";
import { ArchiveError } from "./errors.ts";

/** Says in one sentence why a file could not be read or written; keeps the system's error as cause. */
export function fileFault(action: "read" | "write", path: string | Buffer, cause: unknown): ArchiveError {
  const errno = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const name = String(path);
  const details = { cause, fields: { path: name, errno } };
  switch (errno) {
    case "ENOENT":
    case "ENOTDIR":
      return new ArchiveError("FILE_MISSING", `cannot ${action} ${name}: no such file or directory`, details);
    case "ENOSPC":
    case "EDQUOT":
      return new ArchiveError("DISK_FULL", `cannot write ${name}: no space is left`, {
        ...details,
        advice: "Make room on that file system, or choose a destination on another.",
      });
    default: {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const code = action === "read" ? "FILE_UNREADABLE" : "FILE_UNWRITABLE";
      return new ArchiveError(code, `cannot ${action} ${name}: ${reason}`, details);
    }
  }
}

/**
 * Refuses what a file that is written aside and renamed must not replace: a device, a pipe or a
 * directory. As root `/dev/null` would be gone. `FILE_UNWRITABLE`
 */
export function requireReplaceable(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw new ArchiveError("FILE_UNWRITABLE", `cannot write ${path}: it is there and is no file`, {
    fields: { path },
    advice: "Name a file, or a path at which there is nothing yet.",
  });
}
