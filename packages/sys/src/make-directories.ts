import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "./errors.ts";

/**
 * Makes a directory and those that lead to it, each with `mode` less the umask, and gives the path of
 * the first that it made; undefined where all are there. Node's `mkdirSync` with `recursive` never
 * ends where a directory is there and nothing can be made in it, as in /proc: mkdir(2) says ENOENT.
 */
export function makeDirectories(path: string, mode = 0o777): string | undefined {
  try {
    mkdirSync(path, mode);
    return path;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST" && isDirectory(path)) return undefined;
    const parent = dirname(path);
    if (errno !== "ENOENT" || parent === path || isDirectory(parent)) throw error;
    const first = makeDirectories(parent, mode);
    const last = makeDirectories(path, mode);
    return first ?? last;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
