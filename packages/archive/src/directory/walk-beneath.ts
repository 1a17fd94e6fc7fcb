import { closeSync, constants } from "node:fs";
import { type FileStatus, O_PATH, errnoOf, openAt, readLinkAt, statusAt } from "@cooper/sys";
import type { PathString } from "../tar/entry.ts";
import { decodePath } from "../tar/path.ts";
import { pathInvalid } from "./fault.ts";
import { systemPath } from "./name.ts";
import { isSymlink } from "./removal.ts";

/** What does something about a name that is no directory and no symlink. */
export interface MissingDirectory {
  /**
   * Makes `name` a directory or a symlink to one, in `parent`; `path` is where that really lies.
   * `status` tells what is in its way, if anything is; throws where that must stay.
   */
  make(parent: number, name: PathString, path: PathString, status: FileStatus | undefined): void;
}

/** As many symlinks as Linux follows in one path. */
const MAX_LINKS = 40;
const MAX_MADE = 10_000;

/**
 * Opens a directory with O_PATH by the components of its path, from the root and as if that were `/`:
 * as `openBeneath` does, but making what is missing. Symlinks are read and gone after here, so none
 * can lead out: `..` goes back to the directory that was opened before. Every directory on the way is
 * shown to `passed`. Undefined where something is missing and to be left so.
 */
export function walkBeneath(
  root: number,
  path: PathString,
  missing: MissingDirectory | "leave",
  passed: (fd: number, path: PathString) => void,
): number | undefined {
  const open: { readonly fd: number; readonly name: PathString }[] = [];
  const rest = path.split("/").toReversed();
  let links = 0;
  let made = 0;
  try {
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      if (name === "" || name === ".") continue;
      if (name === "..") {
        const left = open.pop();
        if (left !== undefined) closeSync(left.fd);
        continue;
      }
      const parent = open.at(-1)?.fd ?? root;
      const real = [...open.map((directory) => directory.name), name].join("/");
      const step = stepInto(parent, name);
      if (typeof step === "number") {
        open.push({ fd: step, name });
        passed(step, real);
        continue;
      }
      if (step.target === undefined) {
        if (missing === "leave") return undefined;
        // Each name is made once, unless somebody removes it at once.
        if (made++ > MAX_MADE) throw pathInvalid(path, "the directories that it needs do not stay");
        missing.make(parent, name, real, step.status);
        rest.push(name);
        continue;
      }
      if (++links > MAX_LINKS) throw pathInvalid(path, "its symlinks go round in circles");
      if (step.target.startsWith("/")) for (const { fd } of open.splice(0)) closeSync(fd);
      rest.push(...step.target.split("/").toReversed());
    }
    // Of the root itself another descriptor, so that whoever gets it may close it.
    return open.pop()?.fd ?? openAt(root, ".", O_PATH | constants.O_DIRECTORY);
  } finally {
    for (const { fd } of open) closeSync(fd);
  }
}

interface NoDirectory {
  /** Where a symlink points. */
  readonly target?: PathString;
  /** What is there that is neither; undefined if nothing is. */
  readonly status?: FileStatus | undefined;
}

function stepInto(parent: number, name: PathString): number | NoDirectory {
  const system = systemPath(name);
  try {
    return openAt(parent, system, O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return {};
    if (errnoOf(error) !== "ENOTDIR" && errnoOf(error) !== "ELOOP") throw error;
  }
  const status = statusAt(parent, system);
  if (status === undefined || !isSymlink(status)) return { status };
  return { target: decodePath(readLinkAt(parent, system)) };
}
