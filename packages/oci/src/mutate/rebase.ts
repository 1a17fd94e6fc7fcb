import type { Cancellable } from "@cooper/archive";
import { platformOfConfig } from "../config.ts";
import type { HistoryEntry } from "../config.ts";
import type { Platform } from "../descriptor.ts";
import { OciError } from "../errors.ts";
import { partsOf } from "../image-parts.ts";
import type { ImageParts } from "../image-parts.ts";
import type { Content, Image } from "../model.ts";
import { isSamePlatform } from "../platform.ts";
import { platformsOf, selectPlatform } from "../select.ts";
import {
  configOf,
  convertLayer,
  filledHistory,
  formatOf,
  hasWholeHistory,
  replacePlatform,
} from "./parts.ts";
import { inheritedConfig } from "./inherited.ts";
import { changeContent } from "./scope.ts";
import type { Changed, Scope } from "./scope.ts";

export interface RebaseOptions extends Scope {
  /** The new base's reference, for the annotation `org.opencontainers.image.base.name`. */
  readonly baseName?: string | undefined;
}

/**
 * Puts an image on another base: its first layers, which must be those of the old base, give way to
 * those of the new one. How to start it stays as it was, but for variables and labels that it has
 * from the old base (`inheritedConfig`); the platform is the new base's. OCI
 * manifests get the annotations `base.digest` and, if a name is given, `base.name`. On an index, on
 * each image, with the bases' images for its platform.
 *
 * `NOT_THE_BASE`, `NO_SUCH_PLATFORM`, `NOT_AN_IMAGE` for an artifact.
 */
export function rebase<Given extends Content>(
  content: Given,
  oldBase: Content,
  newBase: Content,
  { baseName, ...scope }: RebaseOptions = {},
): Changed<Given> {
  return changeContent(
    content,
    {
      image: {
        parts: async (parts, { platform, signal }) => {
          const options = { signal };
          const from = await baseFor(oldBase, platform, options);
          const to = await baseFor(newBase, platform, options);
          const below = await partsOf(from, options);
          await requireBase(parts, below, options);
          const next = exchange(parts, below, await partsOf(to, options));
          return formatOf(parts) === "docker" ? next : await annotate(next, to, baseName, options);
        },
      },
    },
    scope,
  );
}

/** Of an index the image for the platform: the same one if it is there, or else the one that suits it best. */
async function baseFor(base: Content, platform: Platform | undefined, options: Cancellable): Promise<Image> {
  if (base.kind === "image") return base;
  const images = await platformsOf(base, options);
  const [only] = images;
  if (platform === undefined) {
    if (images.length === 1 && only !== undefined) return only.image;
    throw new OciError("NO_SUCH_PLATFORM", "the image says no platform, and the base has several images", {
      advice: "Give one image as the base.",
    });
  }
  const same = images.find(({ platform: offered }) => isSamePlatform(platform, offered));
  return same?.image ?? (await selectPlatform(base, platform, options));
}

async function requireBase(parts: ImageParts, base: ImageParts, options: Cancellable): Promise<void> {
  for (const [i, layer] of base.layers.entries()) {
    const expected = await layer.diffId(options);
    const actual = await parts.layers[i]?.diffId(options);
    if (actual === expected) continue;
    throw new OciError(
      "NOT_THE_BASE",
      `layer ${i} of the old base is ${expected}, but layer ${i} of the image is ${actual ?? "missing"}`,
      {
        fields: { layer: i, expected, actual: actual ?? "" },
        advice:
          "Give the base that the image was built on, in that very version: by digest, if its tag has moved.",
      },
    );
  }
}

function exchange(parts: ImageParts, oldBase: ImageParts, newBase: ImageParts): ImageParts {
  const format = formatOf(parts);
  const { config: own, ...rest } = configOf(parts);
  const base = configOf(newBase);
  const run = inheritedConfig(own, configOf(oldBase).config, base.config);
  const platform = platformOfConfig(base);
  const above = historyAbove(
    { history: rest.history ?? [], layers: parts.layers.length },
    { history: configOf(oldBase).history ?? [], layers: oldBase.layers.length },
  );
  return {
    ...parts,
    descriptor:
      parts.descriptor.platform === undefined ? parts.descriptor : { ...parts.descriptor, platform },
    config: {
      ...replacePlatform(rest, platform),
      ...(run === undefined ? {} : { config: run }),
      history: [...filledHistory(base.history, newBase.layers.length), ...above],
    },
    layers: [
      ...newBase.layers.map((layer) => convertLayer(layer, format)),
      ...parts.layers.slice(oldBase.layers.length),
    ],
  };
}

interface Told {
  readonly history: readonly HistoryEntry[];
  readonly layers: number;
}

/** The entries of what the image itself added; empty ones where history does not tell. */
function historyAbove(image: Told, base: Told): readonly HistoryEntry[] {
  const start = base.history.length;
  const isTold =
    hasWholeHistory(image.history, image.layers) &&
    hasWholeHistory(image.history.slice(0, start), base.layers);
  return isTold ? image.history.slice(start) : Array.from({ length: image.layers - base.layers }, () => ({}));
}

async function annotate(
  parts: ImageParts,
  base: Image,
  baseName: string | undefined,
  options: Cancellable,
): Promise<ImageParts> {
  const annotations = {
    ...parts.manifest.annotations,
    "org.opencontainers.image.base.digest": await base.digest(options),
    ...(baseName === undefined ? {} : { "org.opencontainers.image.base.name": baseName }),
  };
  return { ...parts, manifest: { ...parts.manifest, annotations } };
}
