import { chmodSync, closeSync, constants, fchmodSync } from "node:fs";
import {
  type FileStatus,
  O_PATH,
  type Path,
  errnoOf,
  listDirectory,
  openAt,
  removeDirectoryAt,
  removeFileAt,
  statusAt,
  statusOf,
} from "@cooper/sys";
import { listedName, systemPath } from "./name.ts";
import type { PathString } from "../tar/entry.ts";

/** Whether a name is to stay, by the identity of the directory that it is in. */
export type Keeps = (directory: string, name: PathString) => boolean;

const OWNER_ALL = 0o700;

export function isDirectory({ mode }: FileStatus): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFDIR;
}

export function isSymlink({ mode }: FileStatus): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFLNK;
}

/**
 * Opens a directory to list it and to write in it. A user who owns it gets the permission for that
 * too; nothing gives the old one back.
 */
export function openDirectory(parent: number, name: Path): number {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  let fd: number;
  try {
    fd = openAt(parent, name, flags);
  } catch (error) {
    if (errnoOf(error) !== "EACCES") throw error;
    unlock(parent, name);
    fd = openAt(parent, name, flags);
  }
  if (process.geteuid?.() !== 0) {
    const { mode } = statusOf(fd);
    if ((mode & OWNER_ALL) !== OWNER_ALL) fchmodSync(fd, (mode & 0o7777) | OWNER_ALL);
  }
  return fd;
}

function unlock(parent: number, name: Path): void {
  const fd = openAt(parent, name, O_PATH | constants.O_DIRECTORY);
  try {
    chmodSync(`/proc/self/fd/${fd}`, OWNER_ALL);
  } finally {
    closeSync(fd);
  }
}

/** Removes all in an open directory but what is kept, and the directories that hold it. */
export function removeContent(fd: number, keeps: Keeps): void {
  const { identity } = statusOf(fd);
  for (const bytes of listDirectory(fd)) {
    const { path } = listedName(bytes);
    removeName(fd, identity, path, keeps);
  }
}

/**
 * Removes a name, and of a directory all that is in it, but for what is kept. Never follows a symlink.
 * Gives what was there, or undefined.
 */
export function removeName(
  parent: number,
  identity: string,
  name: PathString,
  keeps: Keeps,
): FileStatus | undefined {
  const system = systemPath(name);
  const status = statusAt(parent, system);
  if (status === undefined) return undefined;
  if (!isDirectory(status)) {
    if (!keeps(identity, name)) removeFileAt(parent, system);
    return status;
  }
  const fd = openDirectory(parent, system);
  try {
    removeContent(fd, keeps);
  } finally {
    closeSync(fd);
  }
  if (keeps(identity, name)) return status;
  try {
    removeDirectoryAt(parent, system);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY") throw error; // something in it is kept
  }
  return status;
}
