import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fromBytes, syncDirectory, writeFileAtomic } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { isTag, storableDigest } from "../../names.ts";
import { pageOf } from "../storage.ts";
import type { Listing, ManifestStorage, NewManifest, Page, StoredManifest, TagStorage } from "../storage.ts";
import { CachedFiles } from "./cached-files.ts";
import { makeParent, namesIn, removeFile, touch, unlessMissing } from "./files.ts";
import type { DirectoryLayout } from "./layout.ts";
import type { RepositoryLock } from "./repository-lock.ts";
import { repositoryNames } from "./repository-names.ts";

export interface DirectoryManifestsOptions {
  readonly lock: RepositoryLock;
  /** Bytes of manifests that are kept in memory. */
  readonly cacheBytes: number;
}

const TAG_CACHE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Manifests and tags as files. A tag whose manifest is missing is no tag. */
export class DirectoryManifests implements ManifestStorage, TagStorage {
  readonly #layout: DirectoryLayout;
  readonly #lock: RepositoryLock;
  readonly #manifests: CachedFiles<StoredManifest>;
  readonly #tags = new CachedFiles((bytes) => storableDigest(bytes.toString()), TAG_CACHE_BYTES);

  constructor(layout: DirectoryLayout, { lock, cacheBytes }: DirectoryManifestsOptions) {
    this.#layout = layout;
    this.#lock = lock;
    this.#manifests = new CachedFiles(parseManifestFile, cacheBytes);
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    return this.#manifests.read(this.#layout.manifest(repository, digest));
  }

  async putManifest(repository: string, manifest: NewManifest): Promise<void> {
    const { digest, mediaType, bytes, subject, tags } = manifest;
    await this.#lock.run(repository, async () => {
      // First the pointer and then what it points at: a referrer without a manifest is not listed.
      if (subject !== undefined) await touch(join(this.#layout.referrers(repository, subject), digest));
      const path = this.#layout.manifest(repository, digest);
      await makeParent(path);
      await writeFileAtomic(path, fromBytes(`${mediaType}\n`, bytes));
      for (const tag of tags) {
        const tagPath = this.#layout.tag(repository, tag);
        // oxlint-disable-next-line no-await-in-loop
        await makeParent(tagPath);
        // oxlint-disable-next-line no-await-in-loop
        await writeFileAtomic(tagPath, fromBytes(digest));
      }
    });
  }

  async deleteManifest(repository: string, digest: Digest): Promise<boolean> {
    const path = this.#layout.manifest(repository, digest);
    if (!existsSync(path)) return false;
    return await this.#lock.run(repository, async () => {
      const directory = this.#layout.tags(repository);
      const pointing = namesIn(directory).filter((tag) => this.#tags.read(join(directory, tag)) === digest);
      for (const tag of pointing) removeFile(join(directory, tag));
      if (pointing.length > 0) await syncDirectory(directory);
      const removed = removeFile(path);
      if (removed) await syncDirectory(dirname(path));
      return removed;
    });
  }

  async referrers(repository: string, subject: Digest): Promise<readonly Digest[]> {
    // A deleted manifest's entry stays behind, in case it is pushed again, and is passed over here.
    return namesIn(this.#layout.referrers(repository, subject))
      .map((name) => storableDigest(name))
      .filter((digest) => existsSync(this.#layout.manifest(repository, digest)));
  }

  async tag(repository: string, tag: string): Promise<Digest | undefined> {
    return this.#tags.read(this.#layout.tag(repository, tag));
  }

  async deleteTag(repository: string, tag: string): Promise<boolean> {
    const path = this.#layout.tag(repository, tag);
    if (!existsSync(path)) return false;
    return await this.#lock.run(repository, async () => {
      const removed = removeFile(path);
      if (removed) await syncDirectory(dirname(path));
      return removed;
    });
  }

  async tags(repository: string, page: Page): Promise<Listing | undefined> {
    const { after } = page;
    const parts = unlessMissing(() => readdirSync(this.#layout.repository(repository)));
    // `a` is a directory also where there only is a repository `a/b`.
    if (parts === undefined || !parts.some((name) => name.startsWith("_"))) return undefined;
    const tags = namesIn(this.#layout.tags(repository));
    return pageOf(
      tags.filter((tag) => isTag(tag) && (after === undefined || tag > after)),
      page,
    );
  }

  async repositories(page: Page): Promise<Listing> {
    return pageOf(repositoryNames(this.#layout.repositories(), page.after), page);
  }
}

function parseManifestFile(file: Buffer): StoredManifest {
  const end = file.indexOf(NEWLINE);
  return { mediaType: file.toString("latin1", 0, end), bytes: file.subarray(end + 1) };
}
