import { closeSync, openSync, readdirSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { syncDirectory } from "@cooper/archive";
import { makeDirectories } from "@cooper/sys";

/** Makes the directory that a file is to stand in, and lets it survive a crash. */
export async function makeParent(path: string): Promise<void> {
  const parent = dirname(path);
  const first = makeDirectories(parent);
  if (first === undefined) return;
  // Every new directory is a name in the one above it.
  for (let made = parent; made.length >= first.length; made = dirname(made)) {
    // oxlint-disable-next-line no-await-in-loop
    await syncDirectory(dirname(made));
  }
}

/** Makes an empty file, if it is not there, and lets it survive a crash. */
export async function touch(path: string): Promise<void> {
  await makeParent(path);
  closeSync(openSync(path, "a", 0o644));
  await syncDirectory(dirname(path));
}

/** Removes a file. Whether it was there. */
export function removeFile(path: string): boolean {
  return (
    unlessMissing(() => {
      unlinkSync(path);
      return true;
    }) ?? false
  );
}

/** The names in a directory in byte order, without those of files that are still being written; none if it is missing. */
export function namesIn(directory: string): readonly string[] {
  const names = unlessMissing(() => readdirSync(directory)) ?? [];
  return names.filter((name) => !name.startsWith(".")).toSorted();
}

/** `undefined` where the system says that the file, or a directory above it, is not there. */
export function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
