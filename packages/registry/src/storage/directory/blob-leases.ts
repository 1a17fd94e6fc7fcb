import { statSync, utimesSync } from "node:fs";
import { errorCode, unlessMissing } from "./files.ts";
import type { RepositoryLock } from "./repository-lock.ts";

/**
 * Remembers that a blob is being used, in the time of its file, where every process sees it: what was
 * used a short while ago is not collected. Whoever is told of a blob while it pushes or pulls has so
 * much time to name it in a manifest, or to fetch it.
 */
export class BlobLeases {
  readonly #lock: RepositoryLock;
  readonly #renewMs: number;

  /** A use within `renewMs` after the last one is not written down, so that most cost nothing. */
  constructor(lock: RepositoryLock, { renewMs }: { readonly renewMs: number }) {
    this.#lock = lock;
    this.#renewMs = renewMs;
  }

  /** Marks the blob at `path`, last used at `usedMs`, as used. False if it has been collected meanwhile. */
  async renew(repository: string, path: string, usedMs: number): Promise<boolean> {
    if (Date.now() - usedMs < this.#renewMs) return true;
    try {
      // The collector looks at the time and removes the file under the same lock.
      return await this.#lock.run(repository, async () => touchFile(path));
    } catch (error) {
      // Who may not write here does not push, and whoever collects is not told: their own look-out.
      if (["EROFS", "EACCES", "EPERM"].includes(errorCode(error) ?? ""))
        return statSync(path, { throwIfNoEntry: false }) !== undefined;
      throw error;
    }
  }
}

/** Gives a file the time of now. Whether it is there. */
export function touchFile(path: string): boolean {
  const now = new Date();
  return (
    unlessMissing(() => {
      utimesSync(path, now, now);
      return true;
    }) ?? false
  );
}
