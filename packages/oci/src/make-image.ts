import type { Cancellable } from "@cooper/archive";
import type { Annotations, Descriptor, MediaType, Platform } from "./descriptor.ts";
import { EMPTY_BYTES } from "./descriptor.ts";
import { composeImage } from "./image-parts.ts";
import type { UnfinishedConfig } from "./image-parts.ts";
import { MEDIA_TYPES } from "./media-types.ts";
import type { Format } from "./media-types.ts";
import type { Image, Layer } from "./model.ts";

export interface ImageOptions {
  /** Without `rootfs.diff_ids`, which the layers give; or the exact bytes of a config that has them. */
  readonly config: UnfinishedConfig | Uint8Array;
  /** The base first. */
  readonly layers: readonly Layer[];
  /** Default oci. */
  readonly mediaTypes?: Format | undefined;
  /** Of the manifest. Docker's family has none. */
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
}

/** An image of a config and layers. Nothing is read or made until it is asked for. */
export function makeImage({ mediaTypes, ...options }: ImageOptions): Image {
  return deferImage(async () => options, mediaTypes);
}

/** As `makeImage`, where what it is made of must itself be found first: asked for when it is first read. */
export function deferImage(
  ask: (cancel: Cancellable) => Promise<Omit<ImageOptions, "mediaTypes">>,
  mediaTypes: Format = "oci",
): Image {
  const { manifest: mediaType, config: configType } = MEDIA_TYPES[mediaTypes];
  return composeImage(mediaType, async (cancel) => {
    const { config, layers, annotations, subject } = await ask(cancel);
    return {
      parts: {
        mediaType,
        descriptor: {},
        manifest: {
          schemaVersion: 2,
          mediaType,
          ...(subject === undefined ? {} : { subject }),
          ...(annotations === undefined ? {} : { annotations }),
        },
        configDescriptor: { mediaType: configType },
        config,
        layers,
      },
    };
  });
}

/** An image with nothing in it, to begin with. */
export function emptyImage(platform: Platform, mediaTypes: Format = "oci"): Image {
  return makeImage({ config: { ...platform }, layers: [], mediaTypes });
}

export interface ArtifactOptions {
  /** What it is, as a media type. */
  readonly artifactType: MediaType;
  /** Its blobs, of any media type; may be none. */
  readonly blobs: readonly Layer[];
  readonly annotations?: Annotations | undefined;
  /** The manifest that it is about. */
  readonly subject?: Descriptor | undefined;
}

/** Something other than an image in an image's form (image-spec, manifest.md, Guidelines for Artifact Usage). */
export function makeArtifact({ artifactType, blobs, annotations, subject }: ArtifactOptions): Image {
  const mediaType = MEDIA_TYPES.oci.manifest;
  return composeImage(mediaType, async () => ({
    parts: {
      mediaType,
      descriptor: { artifactType },
      manifest: {
        schemaVersion: 2,
        mediaType,
        artifactType,
        ...(subject === undefined ? {} : { subject }),
        ...(annotations === undefined ? {} : { annotations }),
      },
      configDescriptor: { mediaType: MEDIA_TYPES.oci.empty },
      config: EMPTY_BYTES,
      layers: blobs,
    },
  }));
}
