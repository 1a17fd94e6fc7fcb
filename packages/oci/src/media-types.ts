import type { Compression } from "@cooper/archive";
import type { MediaType } from "./descriptor.ts";
import { OciError } from "./errors.ts";

/** Which family of media types a manifest speaks. */
export type Format = "oci" | "docker";

/** Every media type that Cooper gives a meaning to (image-spec, media-types.md; distribution, manifest-v2-2). */
export const MEDIA_TYPES = {
  oci: {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    index: "application/vnd.oci.image.index.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar",
    layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
    layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
    foreignLayer: "application/vnd.oci.image.layer.nondistributable.v1.tar",
    foreignLayerGzip: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    foreignLayerZstd: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    empty: "application/vnd.oci.empty.v1+json",
    descriptor: "application/vnd.oci.descriptor.v1+json",
    layoutHeader: "application/vnd.oci.layout.header.v1+json",
  },
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar",
    layerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    /** No specification has it, but buildah and some registries' images do: read, never written. */
    layerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
    foreignLayer: "application/vnd.docker.image.rootfs.foreign.diff.tar",
    foreignLayerGzip: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    schema1: "application/vnd.docker.distribution.manifest.v1+json",
    schema1Signed: "application/vnd.docker.distribution.manifest.v1+prettyjws",
  },
} as const;

interface LayerForm {
  readonly format: Format;
  readonly compression: LayerCompression;
  readonly distribution: "distributable" | "foreign";
}

/** The compressions that a layer's media type can say. */
export type LayerCompression = Extract<Compression, "none" | "gzip" | "zstd">;

const { oci, docker } = MEDIA_TYPES;

const LAYER_FORMS: ReadonlyMap<MediaType, LayerForm> = new Map<MediaType, LayerForm>([
  [oci.layer, { format: "oci", compression: "none", distribution: "distributable" }],
  [oci.layerGzip, { format: "oci", compression: "gzip", distribution: "distributable" }],
  [oci.layerZstd, { format: "oci", compression: "zstd", distribution: "distributable" }],
  [oci.foreignLayer, { format: "oci", compression: "none", distribution: "foreign" }],
  [oci.foreignLayerGzip, { format: "oci", compression: "gzip", distribution: "foreign" }],
  [oci.foreignLayerZstd, { format: "oci", compression: "zstd", distribution: "foreign" }],
  [docker.layer, { format: "docker", compression: "none", distribution: "distributable" }],
  [docker.layerGzip, { format: "docker", compression: "gzip", distribution: "distributable" }],
  [docker.layerZstd, { format: "docker", compression: "zstd", distribution: "distributable" }],
  [docker.foreignLayer, { format: "docker", compression: "none", distribution: "foreign" }],
  [docker.foreignLayerGzip, { format: "docker", compression: "gzip", distribution: "foreign" }],
]);

/** A manifest of one image or artifact. */
export function isManifestType(mediaType: MediaType): boolean {
  return mediaType === oci.manifest || mediaType === docker.manifest;
}

/** An index, or Docker's manifest list. */
export function isIndexType(mediaType: MediaType): boolean {
  return mediaType === oci.index || mediaType === docker.index;
}

/** Docker's schema 1, signed or not: read by nobody any more. */
export function isSchema1Type(mediaType: MediaType): boolean {
  return mediaType === docker.schema1 || mediaType === docker.schema1Signed;
}

/** The config of an image that can be run. */
export function isConfigType(mediaType: MediaType): boolean {
  return mediaType === oci.config || mediaType === docker.config;
}

/** A filesystem layer: a tar, compressed or not, foreign or not. */
export function isLayerType(mediaType: MediaType): boolean {
  return LAYER_FORMS.has(mediaType);
}

/** A layer that registries may not hold: its bytes are at the descriptor's `urls`. */
export function isForeignLayerType(mediaType: MediaType): boolean {
  return LAYER_FORMS.get(mediaType)?.distribution === "foreign";
}

/** What the media type says of the compression; undefined if it is no layer's. Content may differ: see `detectCompression`. */
export function compressionOfMediaType(mediaType: MediaType): LayerCompression | undefined {
  return LAYER_FORMS.get(mediaType)?.compression;
}

/** The family of a manifest's, index's, config's or layer's media type; undefined for all others. */
export function formatOfMediaType(mediaType: MediaType): Format | undefined {
  if (mediaType === oci.manifest || mediaType === oci.index || mediaType === oci.config) return "oci";
  if (mediaType === docker.manifest || mediaType === docker.index || mediaType === docker.config)
    return "docker";
  return LAYER_FORMS.get(mediaType)?.format;
}

/** The media type of a layer. `UNREPRESENTABLE` for zstd in Docker's family, which has none. */
export function layerMediaType(
  format: Format,
  compression: LayerCompression,
  distribution: LayerForm["distribution"] = "distributable",
): MediaType {
  for (const [mediaType, form] of LAYER_FORMS) {
    if (mediaType === docker.layerZstd) continue;
    if (form.format === format && form.compression === compression && form.distribution === distribution) {
      return mediaType;
    }
  }
  throw new OciError("UNREPRESENTABLE", `Docker's schema 2 has no media type for a ${compression} layer`, {
    fields: { format, compression },
    advice: "Use the OCI media types, or compress the layers with gzip.",
  });
}

/** The layer's media type in another family, compression and distribution kept; other media types as they are. */
export function convertLayerMediaType(mediaType: MediaType, format: Format): MediaType {
  const form = LAYER_FORMS.get(mediaType);
  return form === undefined ? mediaType : layerMediaType(format, form.compression, form.distribution);
}
