import { readdir } from "node:fs/promises";
import type { Dirent, Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../files.ts";

// The collector asks the system through the thread pool, so that visitors do not wait for it.

/** Every repository's name below a directory, also of those that hold no manifest yet. */
export async function* directoriesOf(root: string, prefix = ""): AsyncIterable<string> {
  const entries = await entriesIn(join(root, prefix));
  if (entries.some(({ name }) => name.startsWith("_"))) yield prefix;
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith("_")) continue;
    yield* directoriesOf(root, prefix === "" ? entry.name : `${prefix}/${entry.name}`);
  }
}

/** What a directory has; nothing if it is missing. */
export async function entriesIn(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export async function statusOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
