import { closeSync, openSync } from "node:fs";
import { waitLock } from "@cooper/sys";
import { makeParent } from "./files.ts";
import type { DirectoryLayout } from "./layout.ts";

/**
 * Lets one change of a repository's manifests and tags happen at a time, over all processes: else a
 * tag that is moved while its old manifest is deleted would go with it. Readers need no lock.
 */
export class RepositoryLock {
  readonly #layout: DirectoryLayout;
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(layout: DirectoryLayout) {
    this.#layout = layout;
  }

  async run<T>(repository: string, change: () => Promise<T>): Promise<T> {
    // Within the process there is a queue: waiting on the file means asking again and again.
    const before = this.#last.get(repository) ?? Promise.resolve();
    const turn = before.then(async () => await this.#locked(repository, change));
    const settled = turn.catch(() => {});
    this.#last.set(repository, settled);
    try {
      return await turn;
    } finally {
      if (this.#last.get(repository) === settled) this.#last.delete(repository);
    }
  }

  async #locked<T>(repository: string, change: () => Promise<T>): Promise<T> {
    const path = this.#layout.lock(repository);
    await makeParent(path);
    const file = openSync(path, "a", 0o644);
    try {
      await waitLock(file, "exclusive");
      return await change();
    } finally {
      closeSync(file);
    }
  }
}
