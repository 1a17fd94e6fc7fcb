import { closeSync, openSync } from "node:fs";
import type { Cancellable } from "@cooper/archive";
import { lockFile } from "@cooper/sys";
import { makeParent } from "../files.ts";
import type { DirectoryLayout } from "../layout.ts";
import type { RepositoryLock } from "../repository-lock.ts";
import { directoriesOf } from "./repositories.ts";
import { sweepContents } from "./sweep-contents.ts";
import { RepositorySweep } from "./sweep-repository.ts";

export interface CollectOptions extends Cancellable {
  /** What was used so lately is left alone, and with it all of the same push: seconds. */
  readonly graceSeconds: number;
  /** An upload to which nothing was added for so long is given up: seconds. */
  readonly uploadSeconds: number;
  /**
   * In which repositories manifests go that no tag leads to, as made images have them when they are made
   * anew. Elsewhere they stay, since clients push by digest. Default: in none.
   */
  readonly dropsUntagged?: ((repository: string) => boolean) | undefined;
  /**
   * How long they stay in such a repository that has never had a tag, because everybody asks it for
   * digests: seconds. Default: `graceSeconds`.
   */
  readonly neverTaggedSeconds?: number | undefined;
}

/** What a collection did. */
export interface Collected {
  /** "busy": another process is collecting, and nothing was done. */
  readonly outcome: "done" | "busy";
  readonly removed: {
    readonly blobs: number;
    readonly uploads: number;
    readonly manifests: number;
    /** That the file system has again: those of blobs that no repository has any more, and of uploads. */
    readonly bytes: number;
  };
  /** Blobs that are left, each counted once, and their bytes. */
  readonly kept: { readonly blobs: number; readonly bytes: number };
}

export interface CollectableStorage {
  /**
   * Removes blobs that no manifest of their repository names, and uploads that nobody goes on with, while the
   * registry is used; by one process at a time. Killed at any moment, it leaves what the next one finishes.
   */
  collect(options: CollectOptions): Promise<Collected>;
}

const NOTHING = { blobs: 0, uploads: 0, manifests: 0, bytes: 0 } as const;

export async function collectDirectory(
  layout: DirectoryLayout,
  lock: RepositoryLock,
  options: CollectOptions,
): Promise<Collected> {
  const path = layout.collecting();
  await makeParent(path);
  const file = openSync(path, "a", 0o644);
  try {
    if (!lockFile(file, "exclusive")) {
      return { outcome: "busy", removed: NOTHING, kept: { blobs: 0, bytes: 0 } };
    }
    const removed = { ...NOTHING, blobs: 0, uploads: 0, manifests: 0, bytes: 0 };
    for await (const repository of directoriesOf(layout.repositories())) {
      options.signal?.throwIfAborted();
      const swept = await new RepositorySweep(layout, repository, options).run(lock);
      removed.blobs += swept.blobs;
      removed.uploads += swept.uploads;
      removed.manifests += swept.manifests;
      removed.bytes += swept.bytes;
    }
    const contents = await sweepContents(layout, options);
    return {
      outcome: "done",
      removed: { ...removed, bytes: removed.bytes + contents.removedBytes },
      kept: { blobs: contents.kept, bytes: contents.keptBytes },
    };
  } finally {
    closeSync(file);
  }
}
