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

/** A place that a member may not be at; `why` is a clause such as "a file is in its way". */
export function pathInvalid(path: PathString, why: string): ArchiveError {
  return new ArchiveError("PATH_INVALID", `cannot unpack ${JSON.stringify(path)}: ${why}`, {
    advice: "The archive makes no sense as it is: make it again, or do not trust it.",
    fields: { path },
  });
}

export function hardLinkInvalid(path: PathString, target: PathString, why: string): ArchiveError {
  return new ArchiveError(
    "HARDLINK_INVALID",
    `cannot unpack ${JSON.stringify(path)}: it is a hard link to ${JSON.stringify(target)}, ${why}`,
    {
      advice: "If the file is in a layer below, unpack that layer first.",
      fields: { path, target },
    },
  );
}

export function whiteoutInvalid(path: PathString, why: string): ArchiveError {
  return new ArchiveError("WHITEOUT_INVALID", `cannot unpack ${JSON.stringify(path)}: ${why}`, {
    advice: "Make the layer again: a whiteout is named .wh.NAME and hides NAME beside it.",
    fields: { path },
  });
}

/** An owner or a device that only root can give a file. */
export function ownerRefused(
  path: PathString,
  what: string,
  option: "owners" | "devices",
  cause: unknown,
): ArchiveError {
  return new ArchiveError("OWNER_REFUSED", `cannot unpack ${JSON.stringify(path)}: ${what}`, {
    cause,
    kind: "host",
    advice: `Run as root, or write it down instead with ${option}: "record".`,
    fields: { path },
  });
}
