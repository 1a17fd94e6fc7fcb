import { compressionOfMediaType, isForeignLayerType } from "../media-types.ts";
import type { LayerCompression } from "../media-types.ts";
import type { Content, Layer } from "../model.ts";
import { remakeLayer } from "./parts.ts";
import { changeContent } from "./scope.ts";
import type { Changed, Scope } from "./scope.ts";

export interface CompressionOptions extends Scope {
  readonly compression: LayerCompression;
  /** As `compress` takes it. With a level, layers are also compressed anew that have this compression already. */
  readonly level?: number | undefined;
}

/**
 * Compresses the layers anew, when they are read; diffIDs and config stay as they are. Layers that
 * may not be distributed and blobs that are no filesystem layers are left alone. An image that has
 * this compression keeps its digest. `UNREPRESENTABLE` for zstd with Docker's media types.
 */
export function withCompression<Given extends Content>(
  content: Given,
  { compression, level, ...scope }: CompressionOptions,
): Changed<Given> {
  return changeContent(
    content,
    {
      image: {
        parts: (parts) => {
          const layers = parts.layers.map((layer) => recompress(layer, compression, level));
          return layers.every((layer, i) => layer === parts.layers[i]) ? parts : { ...parts, layers };
        },
      },
    },
    scope,
  );
}

function recompress(layer: Layer, compression: LayerCompression, level: number | undefined): Layer {
  const present = compressionOfMediaType(layer.mediaType);
  if (present === undefined || isForeignLayerType(layer.mediaType)) return layer;
  if (present === compression && level === undefined) return layer;
  const made = remakeLayer(layer, { tar: (options) => layer.tar(options), compression, level });
  return {
    ...made,
    // The tar is the same one: a diffID that is known need not wait for the compression.
    diffId: async (options) =>
      await (layer.known() === undefined || made.known() !== undefined ? made : layer).diffId(options),
  };
}
