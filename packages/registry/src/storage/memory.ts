import { createHash, randomUUID } from "node:crypto";
import type { Hash } from "node:crypto";
import type { ByteStream, HashAlgorithm } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { algorithmOf } from "../names.ts";
import { busyUpload, wrongContent } from "./faults.ts";
import { pageOf } from "./storage.ts";
import type {
  Listing,
  NewManifest,
  OpenBlob,
  OpenUpload,
  Page,
  RecordKind,
  Storage,
  StoredManifest,
  StoredRecord,
} from "./storage.ts";

interface Repository {
  readonly blobs: Map<Digest, Buffer>;
  readonly uploads: Map<string, MemoryUpload>;
  readonly manifests: Map<Digest, StoredManifest & { readonly subject: Digest | undefined }>;
  readonly tags: Map<string, Digest>;
}

/** A registry's storage that is gone with the process: for tests. It has no bound. */
export function memoryStorage(): Storage {
  return new MemoryStorage();
}

class MemoryStorage implements Storage {
  readonly #repositories = new Map<string, Repository>();
  readonly #records: Readonly<Record<RecordKind, Map<string, StoredRecord>>> = {
    made: new Map(),
    inputs: new Map(),
    digest: new Map(),
  };

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    return this.#repositories.get(repository)?.blobs.get(digest)?.byteLength;
  }

  async openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined> {
    const bytes = this.#repositories.get(repository)?.blobs.get(digest);
    if (bytes === undefined) return undefined;
    return {
      size: bytes.byteLength,
      read: (target, offset) => bytes.copy(target, 0, offset),
      close: () => {},
    };
  }

  async mountBlob(repository: string, digest: Digest, from: string | undefined): Promise<boolean> {
    const bytes =
      from === undefined ? this.#anywhere(digest) : this.#repositories.get(from)?.blobs.get(digest);
    if (bytes === undefined) return false;
    this.#repository(repository).blobs.set(digest, bytes);
    return true;
  }

  async deleteBlob(repository: string, digest: Digest): Promise<boolean> {
    return this.#repositories.get(repository)?.blobs.delete(digest) ?? false;
  }

  async startUpload(repository: string, algorithm: HashAlgorithm): Promise<string> {
    const id = randomUUID();
    this.#repository(repository).uploads.set(id, new MemoryUpload(algorithm));
    return id;
  }

  async uploadSize(repository: string, id: string): Promise<number | undefined> {
    return this.#repositories.get(repository)?.uploads.get(id)?.size;
  }

  async openUpload(repository: string, id: string): Promise<OpenUpload | undefined> {
    const uploads = this.#repositories.get(repository)?.uploads;
    const upload = uploads?.get(id);
    if (uploads === undefined || upload === undefined) return undefined;
    upload.acquire(id);
    return {
      get size() {
        return upload.size;
      },
      append: async (content) => await upload.append(content),
      finish: async (digest) => {
        uploads.delete(id);
        const bytes = upload.bytes(digest);
        this.#repository(repository).blobs.set(digest, this.#anywhere(digest) ?? bytes);
      },
      release: async () => upload.release(),
    };
  }

  async readUpload(repository: string, id: string): Promise<OpenBlob | undefined> {
    const upload = this.#repositories.get(repository)?.uploads.get(id);
    if (upload === undefined) return undefined;
    return {
      get size() {
        return upload.size;
      },
      read: (target, offset) => upload.read(target, offset),
      close: () => {},
    };
  }

  async cancelUpload(repository: string, id: string): Promise<boolean> {
    return this.#repositories.get(repository)?.uploads.delete(id) ?? false;
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    return this.#repositories.get(repository)?.manifests.get(digest);
  }

  async putManifest(name: string, { digest, mediaType, bytes, subject, tags }: NewManifest): Promise<void> {
    const repository = this.#repository(name);
    repository.manifests.set(digest, { mediaType, bytes, subject });
    for (const tag of tags) repository.tags.set(tag, digest);
  }

  async deleteManifest(name: string, digest: Digest): Promise<boolean> {
    const repository = this.#repositories.get(name);
    if (repository === undefined || !repository.manifests.delete(digest)) return false;
    for (const [tag, target] of repository.tags) if (target === digest) repository.tags.delete(tag);
    return true;
  }

  async referrers(repository: string, subject: Digest): Promise<readonly Digest[]> {
    const manifests = this.#repositories.get(repository)?.manifests ?? new Map<Digest, { subject: Digest }>();
    return [...manifests]
      .filter(([, manifest]) => manifest.subject === subject)
      .map(([digest]) => digest)
      .toSorted();
  }

  async tag(repository: string, tag: string): Promise<Digest | undefined> {
    return this.#repositories.get(repository)?.tags.get(tag);
  }

  async deleteTag(repository: string, tag: string): Promise<boolean> {
    return this.#repositories.get(repository)?.tags.delete(tag) ?? false;
  }

  async tags(repository: string, page: Page): Promise<Listing | undefined> {
    const tags = this.#repositories.get(repository)?.tags;
    return tags === undefined ? undefined : listAfter(tags.keys(), page);
  }

  async repositories(page: Page): Promise<Listing> {
    const filled = [...this.#repositories].filter(([, repository]) => repository.manifests.size > 0);
    return listAfter(
      filled.map(([name]) => name),
      page,
    );
  }

  async record(kind: RecordKind, key: string): Promise<StoredRecord | undefined> {
    return this.#records[kind].get(key);
  }

  async *records(kind: RecordKind): AsyncIterable<StoredRecord & { readonly key: string }> {
    for (const [key, record] of this.#records[kind]) yield { key, ...record };
  }

  async putRecord(kind: RecordKind, key: string, value: unknown): Promise<void> {
    this.#records[kind].set(key, { value, used: now() });
  }

  async touchRecord(kind: RecordKind, key: string): Promise<void> {
    const record = this.#records[kind].get(key);
    if (record !== undefined) this.#records[kind].set(key, { ...record, used: now() });
  }

  async deleteRecord(kind: RecordKind, key: string): Promise<boolean> {
    return this.#records[kind].delete(key);
  }

  #repository(name: string): Repository {
    const known = this.#repositories.get(name);
    if (known !== undefined) return known;
    const made: Repository = { blobs: new Map(), uploads: new Map(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(name, made);
    return made;
  }

  #anywhere(digest: Digest): Buffer | undefined {
    for (const { blobs } of this.#repositories.values()) {
      const bytes = blobs.get(digest);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }
}

class MemoryUpload {
  readonly #chunks: Uint8Array[] = [];
  readonly #hash: Hash;
  readonly #algorithm: HashAlgorithm;
  #size = 0;
  #isOpen = false;

  constructor(algorithm: HashAlgorithm) {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  get size(): number {
    return this.#size;
  }

  acquire(id: string): void {
    if (this.#isOpen) throw busyUpload(id);
    this.#isOpen = true;
  }

  release(): void {
    this.#isOpen = false;
  }

  async append(content: ByteStream): Promise<void> {
    for await (const chunk of content) {
      this.#chunks.push(chunk);
      this.#hash.update(chunk);
      this.#size += chunk.byteLength;
    }
  }

  /** Fills `target` from `offset` on; gives how many bytes. */
  read(target: Uint8Array, offset: number): number {
    let start = 0;
    for (const chunk of this.#chunks) {
      if (offset < start + chunk.byteLength) {
        const part = chunk.subarray(offset - start, offset - start + target.byteLength);
        target.set(part);
        return part.byteLength;
      }
      start += chunk.byteLength;
    }
    return 0;
  }

  /** All bytes, if they have this digest. `DIGEST_INVALID` */
  bytes(digest: Digest): Buffer {
    const bytes = Buffer.concat(this.#chunks, this.#size);
    const algorithm = algorithmOf(digest);
    const hash = algorithm === this.#algorithm ? this.#hash : createHash(algorithm).update(bytes);
    const actual = `${algorithm}:${hash.digest("hex")}`;
    if (actual !== digest) throw wrongContent(digest, actual);
    return bytes;
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** JavaScript compares strings by UTF-16 units; names are ASCII, so that this is byte order. */
function listAfter(names: Iterable<string>, page: Page): Listing {
  const { after } = page;
  const sorted = [...names].filter((name) => after === undefined || name > after).toSorted();
  return pageOf(sorted, page);
}
