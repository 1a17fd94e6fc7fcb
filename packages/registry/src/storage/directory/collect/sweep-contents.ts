import { join } from "node:path";
import type { CollectOptions } from "./collect.ts";
import { removeFile } from "../files.ts";
import type { DirectoryLayout } from "../layout.ts";
import { entriesIn, statusOf } from "./repositories.ts";

export interface SweptContents {
  readonly kept: number;
  readonly keptBytes: number;
  readonly removedBytes: number;
}

/**
 * Removes the bytes of blobs that no repository has, as a crash may leave them, and half-written
 * files; counts the others. A blob that links its bytes just now keeps them when their name goes.
 */
export async function sweepContents(
  layout: DirectoryLayout,
  { graceSeconds, signal }: CollectOptions,
): Promise<SweptContents> {
  const root = layout.contents();
  const swept = { kept: 0, keptBytes: 0, removedBytes: 0 };
  for (const algorithm of await entriesIn(root)) {
    // oxlint-disable-next-line no-await-in-loop
    for (const part of await entriesIn(join(root, algorithm.name))) {
      signal?.throwIfAborted();
      const directory = join(root, algorithm.name, part.name);
      // oxlint-disable-next-line no-await-in-loop
      for (const { name } of await entriesIn(directory)) {
        const path = join(directory, name);
        // oxlint-disable-next-line no-await-in-loop
        const status = await statusOf(path);
        if (status === undefined) continue;
        const isOld = Date.now() - Math.max(status.mtimeMs, status.ctimeMs) > graceSeconds * 1000;
        if (status.nlink === 1 && isOld) {
          if (removeFile(path)) swept.removedBytes += status.size;
        } else if (!name.startsWith(".")) {
          swept.kept += 1;
          swept.keptBytes += status.size;
        }
      }
    }
  }
  return swept;
}
