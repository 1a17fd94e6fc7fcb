import type { Cancellable } from "@cooper/archive";
import type { Descriptor, Digest, Image } from "@cooper/oci";
import type { WritableRepository } from "../repository.ts";

/** What writing an image asks of a repository. */
export type Receiver = Pick<
  WritableRepository,
  "name" | "resolve" | "hasBlob" | "putBlob" | "putUnknownBlob" | "putManifest"
>;

/** Where an image is written to. Nothing is visible there before `finish`, or before the tag is put. */
export interface Destination {
  readonly repository: Receiver;
  readonly tag?: string | undefined;
  /** The digest that the image must turn out to have. */
  readonly digest?: Digest | undefined;
  /** `one-image`: of an index one platform is written. Default `anything`. */
  readonly takes?: "anything" | "one-image" | undefined;
  /** Whether a manifest that is there proves that all it names is there too, as in a registry. */
  readonly manifestProvesBlobs?: boolean | undefined;
  /** At most this many blobs at once; 1 where they go one after another into a file. */
  readonly parallel?: number | undefined;
  /** The repository of the same registry that the blobs can be mounted from. */
  readonly mountFrom?: string | undefined;
  /** Makes of an image what this place can hold. */
  readonly adapt?: ((image: Image, options: Cancellable) => Promise<Image>) | undefined;
  /** All is written: makes it visible. */
  finish(root: Descriptor): Promise<void>;
  /** After a fault: leaves nothing half-written. */
  abandon(): Promise<void>;
}
