import { readFile } from "node:fs/promises";
import type { Stats } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { isStorableDigest, isTag } from "../../../names.ts";
import { isMissing } from "../files.ts";
import type { DirectoryLayout } from "../layout.ts";
import { entriesIn, statusOf } from "./repositories.ts";

interface ManifestFile {
  readonly path: string;
  readonly digest: Digest;
}

/** A text that holds a digest by which something could be stored here. */
const DIGESTS = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;

/**
 * What the manifests of a repository name. Whatever looks like a digest in them counts, wherever it
 * stands: a media type that nobody knows may name its blobs as it likes, and to keep a blob too many
 * costs little.
 */
export class ManifestMarks {
  readonly #layout: DirectoryLayout;
  readonly #repository: string;
  /** The manifests that were read, and all that each of them names. */
  readonly #names = new Map<Digest, readonly Digest[]>();

  constructor(layout: DirectoryLayout, repository: string) {
    this.#layout = layout;
    this.#repository = repository;
  }

  /** All that is named, in the manifests read so far. */
  readonly blobs = new Set<Digest>();

  /** Reads the manifests that were not there when it read last. */
  async read({ signal }: Cancellable): Promise<void> {
    for (const { path, digest } of await this.#files()) {
      if (this.#names.has(digest)) continue;
      signal?.throwIfAborted();
      // oxlint-disable-next-line no-await-in-loop
      const text = await textOf(path);
      if (text === undefined) continue;
      const names = namesIn(text);
      this.#names.set(digest, names);
      for (const name of names) this.blobs.add(name);
    }
  }

  /** The manifests that no tag leads to, over any number of indexes; a referrer is reached by its subject. */
  async untagged(): Promise<readonly (ManifestFile & { readonly status: Stats })[]> {
    await this.read({});
    const reached = new Set<Digest>();
    const next = [...(await this.#tagged())];
    for (let digest = next.pop(); digest !== undefined; digest = next.pop()) {
      const named = this.#names.get(digest);
      if (named === undefined || reached.has(digest)) continue;
      reached.add(digest);
      // oxlint-disable-next-line no-await-in-loop
      const referrers = await entriesIn(this.#layout.referrers(this.#repository, digest));
      next.push(...named, ...referrers.map(({ name }) => name).filter((name) => isStorableDigest(name)));
    }
    const found = [];
    for (const file of await this.#files()) {
      if (reached.has(file.digest)) continue;
      // oxlint-disable-next-line no-await-in-loop
      const status = await statusOf(file.path);
      if (status !== undefined) found.push({ ...file, status });
    }
    return found;
  }

  /** What a manifest named that is gone is named by the others only. */
  forget(digest: Digest): void {
    this.#names.delete(digest);
    this.blobs.clear();
    for (const names of this.#names.values()) for (const name of names) this.blobs.add(name);
  }

  async #tagged(): Promise<readonly Digest[]> {
    const directory = this.#layout.tags(this.#repository);
    const digests: Digest[] = [];
    for (const { name } of await entriesIn(directory)) {
      if (!isTag(name)) continue;
      // oxlint-disable-next-line no-await-in-loop
      const digest = await textOf(join(directory, name));
      if (digest !== undefined && isStorableDigest(digest)) digests.push(digest);
    }
    return digests;
  }

  async #files(): Promise<readonly ManifestFile[]> {
    const root = this.#layout.manifests(this.#repository);
    const files: ManifestFile[] = [];
    for (const algorithm of await entriesIn(root)) {
      // oxlint-disable-next-line no-await-in-loop
      for (const { name } of await entriesIn(join(root, algorithm.name))) {
        const digest = `${algorithm.name}:${name}`;
        if (isStorableDigest(digest)) files.push({ path: join(root, algorithm.name, name), digest });
      }
    }
    return files;
  }
}

function namesIn(text: string): readonly Digest[] {
  // JSON may write a letter as its number.
  const plain = text.includes("\\u")
    ? text.replaceAll(/\\u([0-9a-fA-F]{4})/g, (_escape, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text;
  return [...new Set(plain.match(DIGESTS))].filter((name) => isStorableDigest(name));
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "latin1");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
