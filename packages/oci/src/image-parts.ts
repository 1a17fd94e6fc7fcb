import type { Cancellable } from "@cooper/archive";
import { parseConfig } from "./config.ts";
import type { ImageConfig, RootFs } from "./config.ts";
import type { Descriptor, MediaType } from "./descriptor.ts";
import { describeBytes } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { requireImage } from "./image.ts";
import { parseManifest } from "./manifest.ts";
import type { ImageManifest } from "./manifest.ts";
import type { Image, Layer } from "./model.ts";
import { remember } from "./remember.ts";
import type { Question } from "./remember.ts";
import { serializeConfig, serializeManifest } from "./serialize.ts";

/** What names bytes says besides which bytes they are. */
export type DescriptorRest = Omit<Descriptor, "mediaType" | "digest" | "size" | "data" | "urls">;

/** A config without what its layers tell. */
export type UnfinishedConfig = Omit<ImageConfig, "rootfs"> & {
  readonly rootfs?: Partial<RootFs> | undefined;
};

/**
 * An image taken apart so that it can be changed before any of its layers is made: nothing here
 * depends on a layer's digest.
 */
export interface ImageParts {
  readonly mediaType: MediaType;
  /** What the image's own descriptor says besides. */
  readonly descriptor: DescriptorRest;
  readonly manifest: Omit<ImageManifest, "config" | "layers">;
  readonly configDescriptor: Omit<Descriptor, "digest" | "size" | "data">;
  /** Exact bytes to keep, or a config that gets the layers' diffIDs. */
  readonly config: Uint8Array | UnfinishedConfig;
  readonly layers: readonly Layer[];
}

/** The parts of any image. Of one that is composed here, no layer is made for this. */
export async function partsOf(image: Image, options: Cancellable): Promise<ImageParts> {
  const known = composed.get(image);
  if (known !== undefined) return (await known(options)).parts;
  const { config: configDescriptor, layers: _layers, ...manifest } = await image.manifest(options);
  const { data: _data, digest: _digest, size: _size, ...rest } = configDescriptor;
  const { platform, artifactType } = await image.descriptor(options);
  return {
    mediaType: image.mediaType,
    // Other annotations name the old image, as org.opencontainers.image.ref.name does.
    descriptor: {
      ...(platform === undefined ? {} : { platform }),
      ...(artifactType === undefined ? {} : { artifactType }),
    },
    manifest,
    configDescriptor: rest,
    config: await image.rawConfig(options),
    layers: await image.layers(options),
  };
}

/** Parts to put together; or, where nothing was changed, with the bytes that are to be kept. */
export interface ImageComposition {
  readonly parts: ImageParts;
  readonly kept?: Image | undefined;
}

/** An image of parts that are asked for when it is first read. */
export function composeImage(
  mediaType: MediaType,
  ask: (options: Cancellable) => Promise<ImageComposition>,
): Image {
  const composition = remember(ask);
  const parts = async (options: Cancellable): Promise<ImageParts> => (await composition(options)).parts;
  const rawConfig = remember(async (options) => await finishConfig(await parts(options), options));
  const raw = remember(async (options) => {
    const { kept } = await composition(options);
    if (kept !== undefined) return await kept.raw(options);
    return await finishManifest(await parts(options), rawConfig, options);
  });
  const manifest = remember(async (options) => parseManifest(await raw(options)));
  const descriptor = remember(async (options): Promise<Descriptor> => {
    const { parts: made, kept } = await composition(options);
    // What is kept may have a digest of another function.
    const { digest, size } =
      (await kept?.descriptor(options)) ?? describeBytes(mediaType, await raw(options));
    return { mediaType, digest, size, ...made.descriptor };
  });
  const digest = async (options?: Cancellable): Promise<Digest> => (await descriptor(options)).digest;
  const image: Image = {
    kind: "image",
    mediaType,
    descriptor,
    digest,
    raw,
    manifest,
    rawConfig,
    config: remember(async (options) => {
      requireImage(await manifest(options), await descriptor(options));
      return parseConfig(await rawConfig(options));
    }),
    layers: async (options = {}) => (await parts(options)).layers,
  };
  composed.set(image, composition);
  return image;
}

/** Whether a change turned out to change nothing. */
export async function isUnchanged(image: Image, options: Cancellable): Promise<boolean> {
  return (await composed.get(image)?.(options))?.kept !== undefined;
}

const composed = new WeakMap<Image, Question<ImageComposition>>();

async function finishConfig({ config, layers }: ImageParts, options: Cancellable): Promise<Uint8Array> {
  if (config instanceof Uint8Array) return config;
  const diff_ids = [];
  // One after the other: a layer that must be made for this may not share its source.
  for (const layer of layers) diff_ids.push(await layer.diffId(options));
  return serializeConfig({ ...config, rootfs: { ...config.rootfs, type: "layers", diff_ids } });
}

async function finishManifest(
  { manifest, configDescriptor, layers: parts }: ImageParts,
  rawConfig: Question<Uint8Array>,
  options: Cancellable,
): Promise<Uint8Array> {
  const layers: Descriptor[] = [];
  for (const layer of parts) layers.push(await layer.descriptor(options));
  const config = {
    ...configDescriptor,
    ...describeBytes(configDescriptor.mediaType, await rawConfig(options)),
  };
  return serializeManifest({ ...manifest, config, layers });
}
