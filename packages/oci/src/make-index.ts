import type { Cancellable } from "@cooper/archive";
import { parseConfig, platformOfConfig } from "./config.ts";
import type { Annotations, Descriptor, MediaType, Platform } from "./descriptor.ts";
import { isConfigType, MEDIA_TYPES } from "./media-types.ts";
import type { Format } from "./media-types.ts";
import { partsOf } from "./image-parts.ts";
import type { DescriptorRest } from "./image-parts.ts";
import { composeIndex } from "./index-parts.ts";
import type { IndexEntry } from "./index-parts.ts";
import type { Content, Image, Index } from "./model.ts";

export interface IndexOptions {
  /** In order: the first that matches a platform is the one that is taken. */
  readonly manifests: readonly (Content | IndexChild)[];
  /** Default oci. */
  readonly mediaTypes?: Format | undefined;
  readonly annotations?: Annotations | undefined;
  readonly artifactType?: MediaType | undefined;
  readonly subject?: Descriptor | undefined;
}

export interface IndexChild {
  readonly content: Content;
  /** Default: what the image's config says; an index has none. */
  readonly platform?: Platform | undefined;
  /** Of the index's entry, not of the child itself. */
  readonly annotations?: Annotations | undefined;
}

/** An index of images and other indexes. Nothing is read or made until it is asked for. */
export function makeIndex(options: IndexOptions): Index {
  const { mediaTypes = "oci", manifests, annotations, artifactType, subject } = options;
  const mediaType = MEDIA_TYPES[mediaTypes].index;
  return composeIndex(mediaType, async (cancel) => {
    const entries: IndexEntry[] = [];
    for (const child of manifests)
      entries.push(await entryOf("kind" in child ? { content: child } : child, cancel));
    return {
      parts: {
        mediaType,
        descriptor: artifactType === undefined ? {} : { artifactType },
        manifest: {
          schemaVersion: 2,
          mediaType,
          ...(artifactType === undefined ? {} : { artifactType }),
          ...(subject === undefined ? {} : { subject }),
          ...(annotations === undefined ? {} : { annotations }),
        },
        entries,
      },
    };
  });
}

export async function entryOf(
  { content, platform, annotations }: IndexChild,
  options: Cancellable,
): Promise<IndexEntry> {
  const own = platform ?? (content.kind === "image" ? await platformOf(content, options) : undefined);
  const rest: DescriptorRest = {
    ...(annotations === undefined ? {} : { annotations }),
    ...(own === undefined ? {} : { platform: own }),
  };
  return { content, rest };
}

/** The platform of an image that says one, without making its layers. */
export async function platformOf(image: Image, options: Cancellable): Promise<Platform | undefined> {
  const { configDescriptor, config } = await partsOf(image, options);
  if (!isConfigType(configDescriptor.mediaType)) return undefined;
  const platform = platformOfConfig(config instanceof Uint8Array ? parseConfig(config) : config);
  return platform.os === "" || platform.architecture === "" ? undefined : platform;
}
