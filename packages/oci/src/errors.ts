import { CooperError } from "@cooper/sys";

/** What can go wrong with images, their names and their parts. Sorted by name, a sentence each. */
export type OciErrorCode =
  /** There are more or fewer diffIDs in the config than layers in the manifest. */
  | "DIFF_IDS_COUNT"
  /** A layer's uncompressed tar does not have the diffID that the config names. */
  | "DIFF_ID_MISMATCH"
  /** A manifest's or config's bytes, or a descriptor's `data`, do not have the promised digest. */
  | "DIGEST_MISMATCH"
  /** Text that is no digest (image-spec, descriptor.md, "Digests"). */
  | "INVALID_DIGEST"
  /** JSON that is none, that names a key twice, or that lies too deep (RFC 7493). */
  | "INVALID_JSON"
  /** A manifest, index, config or descriptor with a field that is missing or wrong. */
  | "INVALID_MANIFEST"
  /** Text that is no platform such as `linux/arm64/v8`. */
  | "INVALID_PLATFORM"
  /** Layers that the image does not have. */
  | "INVALID_RANGE"
  /** Text that is no reference. */
  | "INVALID_REFERENCE"
  /** A tar whose members cannot be applied as a layer: a bad whiteout, a link to nothing, a loop of symlinks. */
  | "INVALID_ROOTFS"
  /** A layer that was made a second time has other bytes than the first time. */
  | "LAYER_CHANGED"
  /** The media type is not one that this operation can read. */
  | "MEDIA_TYPE"
  /** A manifest, index or config is larger than the limit. */
  | "MANIFEST_TOO_LARGE"
  /** Indexes lie in indexes deeper than the limit. */
  | "NESTING_TOO_DEEP"
  /** The index has no image for the platform. */
  | "NO_SUCH_PLATFORM"
  /** An artifact has no image config and no filesystem layers. */
  | "NOT_AN_IMAGE"
  /** The path leads to something else than a file. */
  | "NOT_A_FILE"
  /** The descriptor is not one of the index's. */
  | "NOT_IN_INDEX"
  /** The layers of the old base are not the first layers of the image. */
  | "NOT_THE_BASE"
  /** The image has nothing at the path. */
  | "PATH_MISSING"
  /** The image is in Docker's schema 1, which Docker itself gave up. */
  | "SCHEMA1_UNSUPPORTED"
  /** The number of bytes is not the promised one. */
  | "SIZE_MISMATCH"
  /** The wanted form cannot say this: Docker's schema 2 has neither annotations nor zstd. */
  | "UNREPRESENTABLE"
  /** The digest's algorithm is not one that Cooper computes. */
  | "UNSUPPORTED_ALGORITHM";

export class OciError extends CooperError<OciErrorCode> {
  override name = "OciError";
}
