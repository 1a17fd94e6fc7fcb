import type { ByteStream, Cancellable } from "@cooper/archive";
import type { Descriptor, Digest, MediaType } from "@cooper/oci";

/** A tag, or a digest: what picks one manifest of a repository. */
export type Selector = { readonly tag: string } | { readonly digest: Digest };

/**
 * A place that holds manifests and blobs by digest, and names some of them by tag: a repository of
 * a registry, an OCI layout, a layout inside an archive, Cooper's store. Every reader checks size
 * and digest; a failure leaves nothing visible. (regclient's `scheme.API` is the idea.)
 */
export interface Repository {
  /** For people: the reference that was given, without credentials. */
  readonly name: string;
  /** The descriptor of a manifest or index. NOT_FOUND where there is none. */
  resolve(selector: Selector, options?: Cancellable): Promise<Descriptor>;
  /** A manifest's bytes, checked. */
  manifest(descriptor: Descriptor, options?: Cancellable): Promise<Uint8Array>;
  /** A blob's bytes, checked; a range gives `length` bytes from `offset`, which cannot be checked. */
  blob(descriptor: Descriptor, options?: Cancellable & { readonly range?: ByteRange }): ByteStream;
  hasBlob(descriptor: Descriptor, options?: Cancellable): Promise<boolean>;
  tags(options?: Cancellable): AsyncIterable<string>;
  /** Manifests whose subject is `digest`, annotations kept. */
  referrers(
    digest: Digest,
    options?: Cancellable & { readonly artifactType?: MediaType },
  ): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}

export interface ByteRange {
  /** Bytes from the start. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * The bytes of something, from its start, each time it is called. A writer calls it once, not
 * before it needs the bytes, and again only where an upload broke and has to be repeated; where
 * that cannot be done the second call throws.
 */
export type ContentSource = () => ByteStream;

/** A repository that can be written. A blob or manifest is visible whole or not at all. */
export interface WritableRepository extends Repository {
  /** Stores a blob whose name is known; `from` names a repository of the same registry that has it (a mount). */
  putBlob(
    descriptor: Descriptor,
    content: ContentSource,
    options?: Cancellable & { readonly from?: string },
  ): Promise<void>;
  /** Stores a blob that is still being made, and gives what it turned out to be. */
  putUnknownBlob(
    content: ContentSource,
    options?: Cancellable,
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
  /**
   * Stores a manifest, after everything it names, and gives it a tag if there is one. A `child` is
   * part of an index that follows: a layout, which lists what it holds, does not list it by itself.
   */
  putManifest(
    raw: Uint8Array,
    descriptor: Descriptor,
    options?: Cancellable & { readonly tag?: string; readonly role?: "image" | "child" },
  ): Promise<void>;
  deleteTag(tag: string, options?: Cancellable): Promise<void>;
  deleteManifest(digest: Digest, options?: Cancellable): Promise<void>;
}
