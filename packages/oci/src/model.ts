import type { ByteStream, Cancellable } from "@cooper/archive";
import type { ImageConfig } from "./config.ts";
import type { Descriptor, MediaType } from "./descriptor.ts";
import type { Digest, DiffId } from "./digest.ts";
import type { ImageManifest, IndexManifest } from "./manifest.ts";

/**
 * Bytes with a name. Lazy and immutable: nothing is read before it is asked for, and asking again
 * gives the same bytes. Each stream is fresh; close one before opening the next of the same image.
 */
export interface Blob {
  readonly mediaType: MediaType;
  /**
   * The descriptor, if it is known without making or reading the content. A layer that is still to
   * be made has none until its content has been streamed once; a writer streams such a layer to a
   * temporary name, and asks `descriptor()` afterwards, so that nothing is made or read twice.
   */
  known(): Descriptor | undefined;
  /** The descriptor; makes the content once and drops it if that is the only way to know. */
  descriptor(options?: Cancellable): Promise<Descriptor>;
  /** The bytes as they are stored; size and digest are checked before the stream ends. */
  open(options?: Cancellable): ByteStream;
}

/** A layer of an image: a blob that holds a tar, compressed or not. */
export interface Layer extends Blob {
  /** The diffID, if it is known without making or reading the content. */
  knownDiffId(): DiffId | undefined;
  diffId(options?: Cancellable): Promise<DiffId>;
  /** The uncompressed tar, by the content's own magic number. Checked against the blob's digest and the diffID. */
  tar(options?: Cancellable): ByteStream;
}

interface ManifestLike {
  readonly mediaType: MediaType;
  /** The exact bytes of the manifest or index: the truth its digest is taken from. */
  raw(options?: Cancellable): Promise<Uint8Array>;
  descriptor(options?: Cancellable): Promise<Descriptor>;
  digest(options?: Cancellable): Promise<Digest>;
}

/** One image manifest: a runnable image, or an artifact (then `isArtifact(manifest)` is true and `config` fails). */
export interface Image extends ManifestLike {
  readonly kind: "image";
  manifest(options?: Cancellable): Promise<ImageManifest>;
  /** The config blob, whatever it holds. */
  rawConfig(options?: Cancellable): Promise<Uint8Array>;
  config(options?: Cancellable): Promise<ImageConfig>;
  /** In the order they are applied: the base first. */
  layers(options?: Cancellable): Promise<readonly Layer[]>;
}

/** An image index (or Docker manifest list): platforms, or anything else that has a descriptor. */
export interface Index extends ManifestLike {
  readonly kind: "index";
  manifest(options?: Cancellable): Promise<IndexManifest>;
  /**
   * The children that are images or indexes, in order. Unlike `manifest()` this makes nothing to
   * learn a digest: a writer puts the children first and asks for the manifest afterwards.
   */
  children(options?: Cancellable): Promise<readonly Content[]>;
  /** The child that `descriptor` names, one of `manifest().manifests`. `NOT_IN_INDEX` */
  child(descriptor: Descriptor, options?: Cancellable): Promise<Image | Index>;
}

/** Whatever a reference can name. */
export type Content = Image | Index;
