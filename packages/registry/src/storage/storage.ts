import type { ByteStream, HashAlgorithm } from "@cooper/archive";
import type { Digest, MediaType } from "@cooper/oci";

/**
 * Where a registry keeps what it is given: a directory, memory, and later a bucket. Every answer is
 * about one repository: what another repository has is not there, though its bytes are kept once.
 *
 * Names, tags and digests have been checked before they come here. Anything may be asked at any
 * time by several processes: a blob, manifest or tag is visible whole or not at all, and what a
 * promise has acknowledged is there after a crash.
 */
export interface Storage extends BlobStorage, UploadStorage, ManifestStorage, TagStorage, RecordStorage {}

/** Reads blobs. */
export interface BlobReader {
  /** A blob's size in bytes, if the repository has it. */
  blobSize(repository: string, digest: Digest): Promise<number | undefined>;
  /** Opens a blob; whoever has opened it closes it. It stays readable when it is deleted meanwhile. */
  openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined>;
}

export interface BlobStorage extends BlobReader {
  /** Gives the repository a blob that `from` has; without `from`, that any repository has. Whether it could. */
  mountBlob(repository: string, digest: Digest, from: string | undefined): Promise<boolean>;
  /** Takes the blob out of the repository. Whether it was there. */
  deleteBlob(repository: string, digest: Digest): Promise<boolean>;
}

export interface OpenBlob {
  /** Bytes. */
  readonly size: number;
  /** Fills `target` with what stands at `offset`, as far as there is any; gives how many bytes. */
  read(target: Uint8Array, offset: number): number | Promise<number>;
  close(): void;
}

export interface UploadStorage {
  /** Starts an upload and gives its id; `algorithm` is what its digest will probably be of. */
  startUpload(repository: string, algorithm: HashAlgorithm): Promise<string>;
  /** How many bytes an upload has so far. */
  uploadSize(repository: string, id: string): Promise<number | undefined>;
  /** Opens an upload for its only writer; `BLOB_UPLOAD_INVALID` (409) while another has it. */
  openUpload(repository: string, id: string): Promise<OpenUpload | undefined>;
  /** Opens what an upload has so far, for reading while it grows: the bytes stay readable when it ends. */
  readUpload(repository: string, id: string): Promise<OpenBlob | undefined>;
  /** Forgets an upload and its bytes. Whether it was there. */
  cancelUpload(repository: string, id: string): Promise<boolean>;
}

export interface OpenUpload {
  /** Bytes so far. */
  readonly size: number;
  /** Adds bytes at the end while hashing them. What came before a fault of the stream is kept, so that a client can resume. */
  append(content: ByteStream): Promise<void>;
  /** Makes the bytes a blob of the repository and ends the upload. `DIGEST_INVALID` if they are others; then it is ended too. */
  finish(digest: Digest): Promise<void>;
  /** Lets another writer in. An upload that is not finished stays. */
  release(): Promise<void>;
}

export interface StoredManifest {
  readonly mediaType: MediaType;
  /** Exactly as they were pushed. */
  readonly bytes: Uint8Array;
}

export interface NewManifest extends StoredManifest {
  readonly digest: Digest;
  /** Lists it among the referrers of this manifest, which need not exist. */
  readonly subject: Digest | undefined;
  readonly tags: readonly string[];
}

export interface ManifestStorage {
  manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined>;
  /** Stores a manifest, then points the tags at it. */
  putManifest(repository: string, manifest: NewManifest): Promise<void>;
  /** Takes away a manifest and all tags that point at it. Whether it was there. */
  deleteManifest(repository: string, digest: Digest): Promise<boolean>;
  /** The manifests of the repository whose subject this is, in the order of their digests. */
  referrers(repository: string, subject: Digest): Promise<readonly Digest[]>;
}

export interface TagStorage {
  tag(repository: string, tag: string): Promise<Digest | undefined>;
  /** Whether it was there. */
  deleteTag(repository: string, tag: string): Promise<boolean>;
  /** Tags in byte order; `undefined` if there is no such repository. */
  tags(repository: string, page: Page): Promise<Listing | undefined>;
  /** Repositories that hold a manifest, in byte order. */
  repositories(page: Page): Promise<Listing>;
}

/**
 * Small documents beside the images: what is known of images that were made on demand. They can be
 * lost without harm, since what they say can be found out again.
 */
export interface RecordStorage {
  record(kind: RecordKind, key: string): Promise<StoredRecord | undefined>;
  /** Every record of a kind, in no order. */
  records(kind: RecordKind): AsyncIterable<StoredRecord & { readonly key: string }>;
  putRecord(kind: RecordKind, key: string, value: unknown): Promise<void>;
  /** Says that it was used now. */
  touchRecord(kind: RecordKind, key: string): Promise<void>;
  /** Whether it was there. */
  deleteRecord(kind: RecordKind, key: string): Promise<boolean>;
}

/**
 * "made": by name, `apt/curl:latest`, what a tag was made of and when. "inputs": by the key of what
 * goes in, where the image of it is. "digest": by `apt/curl@sha256:…`, the tag that it was made for.
 */
export type RecordKind = "made" | "inputs" | "digest";

export interface StoredRecord {
  /** JSON. */
  readonly value: unknown;
  /** When it was put or touched last: seconds since 1970. */
  readonly used: number;
}

export interface Page {
  /** Only what comes after this name. */
  readonly after: string | undefined;
  /** How many at most. */
  readonly limit: number;
}

export interface Listing {
  readonly names: readonly string[];
  /** Whether names were left off. */
  readonly more: boolean;
}

/** Cuts a page out of names that are in byte order and come after `page.after`. */
export function pageOf(names: Iterable<string>, { limit }: Page): Listing {
  const taken: string[] = [];
  for (const name of names) {
    if (taken.length === limit) return { names: taken, more: true };
    taken.push(name);
  }
  return { names: taken, more: false };
}
