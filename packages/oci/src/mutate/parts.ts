import { parseConfig } from "../config.ts";
import type { HistoryEntry } from "../config.ts";
import type { Descriptor, Platform } from "../descriptor.ts";
import { OciError } from "../errors.ts";
import type { ImageParts, UnfinishedConfig } from "../image-parts.ts";
import { makeLayer } from "../make-layer.ts";
import type { LayerOptions } from "../make-layer.ts";
import {
  compressionOfMediaType,
  convertLayerMediaType,
  formatOfMediaType,
  isConfigType,
} from "../media-types.ts";
import type { Format } from "../media-types.ts";
import type { Layer } from "../model.ts";

/** The image's config, to be changed. `NOT_AN_IMAGE` for an artifact. */
export function configOf({ config, configDescriptor }: ImageParts): UnfinishedConfig {
  const { mediaType } = configDescriptor;
  if (!isConfigType(mediaType)) {
    throw new OciError("NOT_AN_IMAGE", `this is no image: its config is ${mediaType}`, {
      fields: { mediaType },
    });
  }
  return config instanceof Uint8Array ? parseConfig(config) : config;
}

/** The config with another platform, whatever it said of its own. */
export function replacePlatform(config: UnfinishedConfig, platform: Platform): UnfinishedConfig {
  const { variant: _variant, "os.version": _version, "os.features": _features, ...rest } = config;
  return { ...rest, ...platform };
}

/** The family of the manifest's media type; what it is of, if it is no image's, is OCI. */
export function formatOf({ mediaType }: Pick<ImageParts, "mediaType">): Format {
  return formatOfMediaType(mediaType) ?? "oci";
}

/** Refuses what Docker's manifests cannot say. `UNREPRESENTABLE` */
export function requireOci({ mediaType }: Pick<ImageParts, "mediaType">, what: string): void {
  if (formatOf({ mediaType }) === "oci") return;
  throw new OciError("UNREPRESENTABLE", `Docker's media type ${mediaType} has no place for ${what}`, {
    fields: { mediaType },
    advice: "Convert the image to the OCI media types first.",
  });
}

/** Whether there is one history entry for each layer, besides those of steps that made none. */
export function hasWholeHistory(history: readonly HistoryEntry[], layers: number): boolean {
  return history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length === layers;
}

/** History that has an entry for each of the layers before it goes on: an image without any gets empty ones. */
export function filledHistory(
  history: readonly HistoryEntry[] | undefined,
  layers: number,
): readonly HistoryEntry[] {
  const entries = history ?? [];
  return entries.length === 0 ? Array.from({ length: layers }, () => ({})) : entries;
}

/** The same layer under the media type that another family has for it. `UNREPRESENTABLE` */
export function convertLayer(layer: Layer, format: Format): Layer {
  const mediaType = convertLayerMediaType(layer.mediaType, format);
  if (mediaType === layer.mediaType) return layer;
  const renamed = (descriptor: Descriptor): Descriptor => {
    const { annotations: _annotations, ...rest } = descriptor;
    return format === "docker" ? { ...rest, mediaType } : { ...descriptor, mediaType };
  };
  return {
    ...layer,
    mediaType,
    known: () => {
      const descriptor = layer.known();
      return descriptor === undefined ? undefined : renamed(descriptor);
    },
    descriptor: async (options) => renamed(await layer.descriptor(options)),
  };
}

/** A layer made from another one: compressed as that one was and of its family, unless options say otherwise. */
export function remakeLayer(layer: Layer, options: LayerOptions): Layer {
  return makeLayer({
    compression: compressionOfMediaType(layer.mediaType),
    mediaTypes: formatOfMediaType(layer.mediaType),
    ...options,
  });
}
