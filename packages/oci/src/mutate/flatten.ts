import { writeTar } from "@cooper/archive";
import type { Cancellable } from "@cooper/archive";
import type { HistoryEntry } from "../config.ts";
import type { Descriptor } from "../descriptor.ts";
import { OciError } from "../errors.ts";
import type { ImageParts } from "../image-parts.ts";
import { makeLayer } from "../make-layer.ts";
import { compressionOfMediaType } from "../media-types.ts";
import type { LayerCompression } from "../media-types.ts";
import type { Content, Image, Layer } from "../model.ts";
import { mergedEntries } from "../rootfs/entries.ts";
import { configOf, formatOf, hasWholeHistory } from "./parts.ts";
import { changeContent } from "./scope.ts";
import type { Changed, Scope } from "./scope.ts";

export interface FlattenOptions extends Scope {
  /** Default: that of the topmost layer that is merged. */
  readonly compression?: LayerCompression | undefined;
  readonly level?: number | undefined;
}

/**
 * Makes one layer of all, without anything that was hidden; history becomes one entry that names the
 * old digest. What a container sees is the same. `NOT_AN_IMAGE` for an artifact; reading the layer
 * throws what `rootEntries` throws.
 */
export function flatten<Given extends Content>(
  content: Given,
  { compression, level, ...scope }: FlattenOptions = {},
): Changed<Given> {
  return changeContent(
    content,
    {
      image: {
        parts: async (parts, { image, signal }) => {
          const config = configOf(parts);
          const { created } = config;
          const layer = merge(parts, { from: 0, to: parts.layers.length }, { compression, level });
          const before = await knownDescriptor(image, parts.layers, { signal });
          const entry: HistoryEntry = {
            ...(created === undefined ? {} : { created }),
            created_by: "cooper flatten",
            ...(before === undefined ? {} : { comment: `flattened from ${before.digest}` }),
          };
          return { ...parts, config: { ...config, history: [entry] }, layers: [layer] };
        },
      },
    },
    scope,
  );
}

export interface SquashOptions extends FlattenOptions {
  /** Index of the lowest layer to merge; the base is 0. */
  readonly from: number;
  /** Index after the topmost one to merge; default: all above `from`. */
  readonly to?: number | undefined;
}

/**
 * Makes one layer of a range of layers; those below and above stay as they are. Whiteouts for what
 * lies below come along, and the headers of the layers below are read to write no more than needed.
 * History gets one entry in place of theirs. `INVALID_RANGE`; otherwise as `flatten`.
 */
export function squash<Given extends Content>(
  content: Given,
  { from, to, compression, level, ...scope }: SquashOptions,
): Changed<Given> {
  return changeContent(
    content,
    {
      image: {
        parts: (parts) => {
          const end = to ?? parts.layers.length;
          checkRange(from, end, parts.layers.length);
          const { history, ...config } = configOf(parts);
          const layer = merge(parts, { from, to: end }, { compression, level });
          return {
            ...parts,
            config: {
              ...config,
              ...(history === undefined
                ? {}
                : { history: squashHistory(history, parts.layers.length, from, end) }),
            },
            layers: parts.layers.toSpliced(from, end - from, layer),
          };
        },
      },
    },
    scope,
  );
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function merge(
  parts: ImageParts,
  range: Range,
  { compression, level }: Pick<FlattenOptions, "compression" | "level">,
): Layer {
  const { layers } = parts;
  const top = layers[range.to - 1];
  return makeLayer({
    tar: (options) => writeTar(mergedEntries(layers, range, options), options),
    compression: compression ?? (top === undefined ? undefined : compressionOfMediaType(top.mediaType)),
    level,
    mediaTypes: formatOf(parts),
  });
}

/** What an image was called, if that is known without making one of its layers. */
async function knownDescriptor(
  image: Image,
  layers: readonly Layer[],
  options: Cancellable,
): Promise<Descriptor | undefined> {
  return layers.every((layer) => layer.known() !== undefined) ? await image.descriptor(options) : undefined;
}

function squashHistory(
  history: readonly HistoryEntry[],
  layers: number,
  from: number,
  to: number,
): readonly HistoryEntry[] {
  // Entries that belong to no certain layer cannot be merged: they stay.
  if (!hasWholeHistory(history, layers)) return history;
  let layer = 0;
  return history.flatMap((entry) => {
    if (entry.empty_layer === true) return [entry];
    const index = layer++;
    if (index < from || index >= to) return [entry];
    if (index < to - 1) return [];
    const { created } = entry;
    return [
      {
        ...(created === undefined ? {} : { created }),
        created_by: "cooper squash",
        comment: `squashed layers ${from} to ${to - 1}`,
      },
    ];
  });
}

function checkRange(from: number, to: number, layers: number): void {
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= layers) return;
  throw new OciError("INVALID_RANGE", `there are no layers ${from} to ${to - 1}: the image has ${layers}`, {
    kind: "usage",
    fields: { from, to, layers },
    advice: "Count layers from 0, the base; the first one must not lie above the last.",
  });
}
