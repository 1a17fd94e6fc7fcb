import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, linkSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { copyFile, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import type { BlobStorage, OpenBlob } from "../storage.ts";
import { touchFile } from "./blob-leases.ts";
import type { BlobLeases } from "./blob-leases.ts";
import { errorCode, isMissing, makeParent, removeFile, unlessMissing } from "./files.ts";
import type { DirectoryLayout } from "./layout.ts";

/** Blobs as files. The system is asked about names synchronously: that is faster than the thread pool. */
export class DirectoryBlobs implements BlobStorage {
  readonly #layout: DirectoryLayout;
  readonly #leases: BlobLeases;

  constructor(layout: DirectoryLayout, leases: BlobLeases) {
    this.#layout = layout;
    this.#leases = leases;
  }

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    const path = this.#layout.blob(repository, digest);
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    return (await this.#leases.renew(repository, path, status.mtimeMs)) ? status.size : undefined;
  }

  async openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined> {
    const path = this.#layout.blob(repository, digest);
    const file = unlessMissing(() => openSync(path, "r"));
    if (file === undefined) return undefined;
    const { size, mtimeMs } = fstatSync(file);
    try {
      // Collected or not: an open file stays readable.
      await this.#leases.renew(repository, path, mtimeMs);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    return {
      size,
      read: (target, offset) => readSync(file, target, 0, target.byteLength, offset),
      close: () => closeSync(file),
    };
  }

  async mountBlob(repository: string, digest: Digest, from: string | undefined): Promise<boolean> {
    const content = this.#layout.content(digest);
    const source = from === undefined ? content : this.#layout.blob(from, digest);
    if (statSync(source, { throwIfNoEntry: false }) === undefined) return false;
    const blob = this.#layout.blob(repository, digest);
    await makeParent(blob);
    // The bytes are used from now on: the blob that appears is not one that nobody has used for long.
    touchFile(source);
    if (!(await this.#share(source, blob, content))) return false;
    if (!(await this.#isKept(repository, blob))) return false;
    await syncDirectory(dirname(blob));
    return true;
  }

  async deleteBlob(repository: string, digest: Digest): Promise<boolean> {
    const blob = this.#layout.blob(repository, digest);
    if (!removeFile(blob)) return false;
    // The bytes go with the last repository that has them. Should another one link them just now, it
    // keeps them; only the next one will not find them to share.
    const content = this.#layout.content(digest);
    if (statSync(content, { throwIfNoEntry: false })?.nlink === 1) removeFile(content);
    await syncDirectory(dirname(blob));
    return true;
  }

  /**
   * Makes the file of an upload, checked and synced, a blob of the repository; its bytes are kept
   * only if nobody has them yet. Whether the upload was still there.
   */
  async adopt(upload: string, repository: string, digest: Digest): Promise<boolean> {
    const content = this.#layout.content(digest);
    const blob = this.#layout.blob(repository, digest);
    await makeParent(content);
    await makeParent(blob);
    // Each step also succeeds where somebody else has just done it, and the bytes may be deleted in between.
    do {
      touchFile(content);
      // oxlint-disable-next-line no-await-in-loop
      while (!(await this.#share(content, blob, content))) {
        // oxlint-disable-next-line no-await-in-loop
        if (!(await this.#share(upload, content, content))) return false;
      }
      // oxlint-disable-next-line no-await-in-loop
    } while (!(await this.#isKept(repository, blob)));
    removeFile(upload);
    await syncDirectory(dirname(content));
    await syncDirectory(dirname(blob));
    return true;
  }

  /** Whether a blob that has just appeared, or was there already, is there to stay. */
  async #isKept(repository: string, blob: string): Promise<boolean> {
    const status = statSync(blob, { throwIfNoEntry: false });
    return status !== undefined && (await this.#leases.renew(repository, blob, status.mtimeMs));
  }

  /** Gives the bytes another name, or finds that it is there already. False where there are no such bytes. */
  async #share(source: string, target: string, content: string): Promise<boolean> {
    try {
      linkSync(source, target);
      return true;
    } catch (error) {
      if (errorCode(error) === "EEXIST") return true;
      if (isMissing(error)) return false;
      if (errorCode(error) !== "EMLINK") throw error;
    }
    // A file has 65000 names at most on ext4: from here on the next repositories share a second copy.
    await copyAside(source, content);
    return await this.#share(content, target, content);
  }
}

/** Opens a file for reading at any offset, with the size that it has now. */
export function openFile(path: string): OpenBlob | undefined {
  const file = unlessMissing(() => openSync(path, "r"));
  if (file === undefined) return undefined;
  return {
    size: fstatSync(file).size,
    read: (target, offset) => readSync(file, target, 0, target.byteLength, offset),
    close: () => closeSync(file),
  };
}

/** Replaces `target` by a copy of `source`; who has the old file keeps it. */
async function copyAside(source: string, target: string): Promise<void> {
  const temporary = `${dirname(target)}/.${randomUUID()}.tmp`;
  try {
    await copyFile(source, temporary);
    const file = await open(temporary, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    renameSync(temporary, target);
  } finally {
    removeFile(temporary);
  }
}
