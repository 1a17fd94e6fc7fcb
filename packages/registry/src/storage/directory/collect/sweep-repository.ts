import { closeSync, constants, openSync } from "node:fs";
import type { Stats } from "node:fs";
import { join } from "node:path";
import type { Digest } from "@cooper/oci";
import { lockFile } from "@cooper/sys";
import { isStorableDigest } from "../../../names.ts";
import { removeFile, unlessMissing } from "../files.ts";
import type { DirectoryLayout } from "../layout.ts";
import type { RepositoryLock } from "../repository-lock.ts";
import type { CollectOptions } from "./collect.ts";
import { ManifestMarks } from "./manifest-marks.ts";
import { livingSince } from "./push-sessions.ts";
import type { Span } from "./push-sessions.ts";
import { entriesIn, statusOf } from "./repositories.ts";

export interface SweptRepository {
  readonly blobs: number;
  readonly uploads: number;
  readonly manifests: number;
  readonly bytes: number;
}

interface File {
  readonly path: string;
  readonly digest: Digest;
  readonly status: Stats;
}

/** So many blobs are removed before pushes to the repository get their turn. */
const BATCH = 256;

/** One look at one repository, and what is removed after it. */
export class RepositorySweep {
  readonly #layout: DirectoryLayout;
  readonly #repository: string;
  readonly #options: CollectOptions;
  readonly #marks: ManifestMarks;
  readonly #swept = { blobs: 0, uploads: 0, manifests: 0, bytes: 0 };

  constructor(layout: DirectoryLayout, repository: string, options: CollectOptions) {
    this.#layout = layout;
    this.#repository = repository;
    this.#options = options;
    this.#marks = new ManifestMarks(layout, repository);
  }

  async run(lock: RepositoryLock): Promise<SweptRepository> {
    const { graceSeconds, uploadSeconds, dropsUntagged, signal } = this.#options;
    const uploads = await this.#sweepUploads();
    await this.#sweepHalfWritten();
    if (dropsUntagged?.(this.#repository) === true) await this.#dropUntagged(lock);
    const blobs = await this.#blobs();
    if (blobs.length === 0) return this.#swept;

    await this.#marks.read({ signal });
    const unnamed = blobs.filter(({ digest }) => !this.#marks.blobs.has(digest));
    const since = livingSince([...uploads, ...unnamed.map(({ status }) => spanOf(status))], {
      now: Date.now(),
      grace: graceSeconds * 1000,
      longest: uploadSeconds * 1000,
    });
    const dead = unnamed.filter(({ status }) => status.mtimeMs < since);
    for (let index = 0; index < dead.length; index += BATCH) {
      signal?.throwIfAborted();
      // oxlint-disable-next-line no-await-in-loop
      await lock.run(
        this.#repository,
        async () => await this.#remove(dead.slice(index, index + BATCH), since),
      );
    }
    return this.#swept;
  }

  /** Removes blobs that were dead, and still are: no manifest that came since names them, and nobody used them. */
  async #remove(blobs: readonly File[], since: number): Promise<void> {
    await this.#marks.read({});
    for (const { path, digest } of blobs) {
      // oxlint-disable-next-line no-await-in-loop
      const status = await statusOf(path);
      if (status === undefined || status.mtimeMs >= since || this.#marks.blobs.has(digest)) continue;
      removeFile(path);
      this.#swept.blobs += 1;
      // Two names: this one, and that of the bytes, which go with the last repository that has them.
      if (status.nlink <= 2) {
        removeFile(this.#layout.content(digest));
        this.#swept.bytes += status.size;
      }
    }
  }

  /** Removes uploads that nobody goes on with; gives the spans of the others. */
  async #sweepUploads(): Promise<readonly Span[]> {
    const directory = this.#layout.uploads(this.#repository);
    const living: Span[] = [];
    for (const { name } of await entriesIn(directory)) {
      const path = join(directory, name);
      // oxlint-disable-next-line no-await-in-loop
      const status = await statusOf(path);
      if (status === undefined) continue;
      if (Date.now() - status.mtimeMs > this.#options.uploadSeconds * 1000 && removeIdle(path)) {
        this.#swept.uploads += 1;
        this.#swept.bytes += status.size;
      } else living.push(spanOf(status));
    }
    return living;
  }

  /** Removes what a crash left of files that were to be renamed. */
  async #sweepHalfWritten(): Promise<void> {
    const manifests = this.#layout.manifests(this.#repository);
    const algorithms = (await entriesIn(manifests)).map(({ name }) => join(manifests, name));
    for (const directory of [this.#layout.tags(this.#repository), ...algorithms]) {
      // oxlint-disable-next-line no-await-in-loop
      for (const { name } of await entriesIn(directory)) {
        if (!name.startsWith(".")) continue;
        const path = join(directory, name);
        // oxlint-disable-next-line no-await-in-loop
        const status = await statusOf(path);
        const isOld =
          status !== undefined && Date.now() - status.mtimeMs > this.#options.uploadSeconds * 1000;
        if (isOld) removeFile(path);
      }
    }
  }

  /**
   * Removes manifests that no tag leads to. Whoever has begun to pull by a tag may still need what it
   * led to: so they stay for as long after the last change of a tag as blobs do after their last use.
   */
  async #dropUntagged(lock: RepositoryLock): Promise<void> {
    const { graceSeconds, neverTaggedSeconds = graceSeconds } = this.#options;
    await lock.run(this.#repository, async () => {
      const changed = await statusOf(this.#layout.tags(this.#repository));
      const cutoff = Date.now() - (changed === undefined ? neverTaggedSeconds : graceSeconds) * 1000;
      if (changed !== undefined && changed.mtimeMs > cutoff) return;
      for (const { path, digest, status } of await this.#marks.untagged()) {
        if (status.mtimeMs > cutoff) continue;
        removeFile(path);
        this.#marks.forget(digest);
        this.#swept.manifests += 1;
      }
    });
  }

  async #blobs(): Promise<readonly File[]> {
    const root = this.#layout.blobs(this.#repository);
    const files: File[] = [];
    for (const algorithm of await entriesIn(root)) {
      const directory = join(root, algorithm.name);
      // oxlint-disable-next-line no-await-in-loop
      for (const { name } of await entriesIn(directory)) {
        const path = join(directory, name);
        // oxlint-disable-next-line no-await-in-loop
        const status = await statusOf(path);
        const digest = `${algorithm.name}:${name}`;
        if (status !== undefined && isStorableDigest(digest)) files.push({ path, digest, status });
      }
    }
    return files;
  }
}

/** From the first byte to the last use. Where the system does not tell when a file was made, from its last use. */
function spanOf({ birthtimeMs, mtimeMs }: Stats): Span {
  return { from: birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs, to: mtimeMs };
}

/** Removes an upload, unless somebody is writing to it. Whether it did. */
function removeIdle(path: string): boolean {
  const file = unlessMissing(() => openSync(path, constants.O_WRONLY));
  if (file === undefined) return false;
  try {
    return lockFile(file, "exclusive") && removeFile(path);
  } finally {
    closeSync(file);
  }
}
