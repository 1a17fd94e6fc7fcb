import { writeTar } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import type { Image } from "../model.ts";
import { mergedEntries } from "./entries.ts";
import type { MergeOptions, RootEntry } from "./entries.ts";

/**
 * The files of an image as a container sees them: all layers merged, whiteouts applied, each name
 * once, a directory before what lies in it, in an order that depends on the layers alone. The layers
 * are read twice at most; in memory are names and metadata, never content.
 *
 * `INVALID_ROOTFS`, `NOT_AN_IMAGE` for an artifact, and what reading the layers throws.
 */
export async function* rootEntries(
  image: Image,
  options: MergeOptions = {},
): AsyncGenerator<RootEntry, void, undefined> {
  const layers = await image.layers(options);
  yield* mergedEntries(layers, { from: 0, to: layers.length }, options);
}

/** The same as one tar archive. */
export function extract(image: Image, options: MergeOptions = {}): ByteStream {
  return writeTar(rootEntries(image, options), options);
}
