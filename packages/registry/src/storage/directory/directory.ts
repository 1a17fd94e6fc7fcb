import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { RegistryError } from "../../errors.ts";
import type { Storage } from "../storage.ts";
import { BlobLeases } from "./blob-leases.ts";
import { DirectoryBlobs } from "./blobs.ts";
import { makeParent } from "./files.ts";
import { collectDirectory } from "./collect/collect.ts";
import type { CollectableStorage } from "./collect/collect.ts";
import { DirectoryLayout } from "./layout.ts";
import { DirectoryManifests } from "./manifests.ts";
import { DirectoryRecords } from "./records.ts";
import { RepositoryLock } from "./repository-lock.ts";
import { DirectoryUploads } from "./uploads.ts";

export interface DirectoryStorageOptions {
  /** The directory; it is made when something is first stored. Its file system must have hard links. */
  readonly path: string;
  /** Bytes of manifests that are kept in memory; default 64 MiB. */
  readonly cacheBytes?: number | undefined;
  /**
   * That a blob is used is written down once in so many seconds, default 600. Whoever collects must leave what was
   * used in a time that is a good deal longer.
   */
  readonly renewSeconds?: number | undefined;
}

export interface DirectoryStorage extends Storage, CollectableStorage {
  /** Fails where the directory cannot be read, or nothing can be written into it now. `STORAGE_FAULT` */
  check(use: "read" | "write"): Promise<void>;
}

/**
 * A registry's storage in a directory (layout.ts). Several processes may share one; what has been
 * acknowledged survives a crash of the machine.
 */
export function directoryStorage(options: DirectoryStorageOptions): DirectoryStorage {
  const { path, cacheBytes = 64 * 1024 * 1024, renewSeconds = 600 } = options;
  const layout = new DirectoryLayout(resolve(path));
  const lock = new RepositoryLock(layout);
  const blobs = new DirectoryBlobs(layout, new BlobLeases(lock, { renewMs: renewSeconds * 1000 }));
  const uploads = new DirectoryUploads(layout, blobs);
  const manifests = new DirectoryManifests(layout, { lock, cacheBytes });
  const records = new DirectoryRecords(layout);
  return {
    blobSize: async (repository, digest) => await blobs.blobSize(repository, digest),
    openBlob: async (repository, digest) => await blobs.openBlob(repository, digest),
    mountBlob: async (repository, digest, from) => await blobs.mountBlob(repository, digest, from),
    deleteBlob: async (repository, digest) => await blobs.deleteBlob(repository, digest),
    startUpload: async (repository, algorithm) => await uploads.startUpload(repository, algorithm),
    uploadSize: async (repository, id) => await uploads.uploadSize(repository, id),
    openUpload: async (repository, id) => await uploads.openUpload(repository, id),
    readUpload: async (repository, id) => await uploads.readUpload(repository, id),
    cancelUpload: async (repository, id) => await uploads.cancelUpload(repository, id),
    manifest: async (repository, digest) => await manifests.manifest(repository, digest),
    putManifest: async (repository, manifest) => await manifests.putManifest(repository, manifest),
    deleteManifest: async (repository, digest) => await manifests.deleteManifest(repository, digest),
    referrers: async (repository, subject) => await manifests.referrers(repository, subject),
    tag: async (repository, tag) => await manifests.tag(repository, tag),
    deleteTag: async (repository, tag) => await manifests.deleteTag(repository, tag),
    tags: async (repository, page) => await manifests.tags(repository, page),
    repositories: async (page) => await manifests.repositories(page),
    record: async (kind, key) => await records.record(kind, key),
    records: (kind) => records.records(kind),
    putRecord: async (kind, key, value) => await records.putRecord(kind, key, value),
    touchRecord: async (kind, key) => await records.touchRecord(kind, key),
    deleteRecord: async (kind, key) => await records.deleteRecord(kind, key),
    collect: async (collecting) => await collectDirectory(layout, lock, collecting),
    check: async (use) => await checkDirectory(layout, use),
  };
}

async function checkDirectory(layout: DirectoryLayout, use: "read" | "write"): Promise<void> {
  try {
    const probe = layout.probe();
    if (use === "write") {
      await makeParent(probe);
      await writeFileAtomic(probe, fromBytes("written to see whether it can be\n"));
    } else await access(layout.root, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw new RegistryError("STORAGE_FAULT", `the storage cannot be ${use === "read" ? "read" : "written"}`, {
      cause: error,
    });
  }
}
