import type { ByteStream, Cancellable } from "@cooper/archive";
import type { Descriptor } from "./descriptor.ts";
import { OciError } from "./errors.ts";
import { completeImage, readManifest } from "./image.ts";
import { notInIndex } from "./index-parts.ts";
import { parseIndex, schema1 } from "./manifest.ts";
import { isIndexType, isManifestType, isSchema1Type } from "./media-types.ts";
import type { Content, Index } from "./model.ts";
import { remember } from "./remember.ts";

/** What content is read from. Whoever gives the bytes has checked them; a `Repository` is one. */
export interface ContentReader {
  manifest(descriptor: Descriptor, options?: Cancellable): Promise<Uint8Array>;
  blob(descriptor: Descriptor, options?: Cancellable): ByteStream;
}

/** Indexes in indexes: BuildKit and others make two levels, nobody needs more. */
export const MAX_INDEX_NESTING = 8;

/**
 * The image or index that a descriptor names. Nothing is read yet.
 * `MEDIA_TYPE`, `SCHEMA1_UNSUPPORTED`; of children also `NESTING_TOO_DEEP`.
 */
export function openContent(reader: ContentReader, descriptor: Descriptor): Content {
  return openAt(reader, descriptor, 0);
}

function openAt(reader: ContentReader, descriptor: Descriptor, depth: number): Content {
  const { mediaType, digest } = descriptor;
  if (isManifestType(mediaType)) {
    return completeImage({
      descriptor,
      raw: (options) => reader.manifest(descriptor, options),
      blob: (blob, options) => reader.blob(blob, options),
    });
  }
  if (isIndexType(mediaType)) {
    // Digests make a loop impossible, but only for a reader that checks them.
    if (depth < MAX_INDEX_NESTING) return openIndex(reader, descriptor, depth);
    throw new OciError("NESTING_TOO_DEEP", `${digest} lies in more than ${MAX_INDEX_NESTING} indexes`, {
      fields: { digest },
    });
  }
  if (isSchema1Type(mediaType)) throw schema1();
  throw new OciError(
    "MEDIA_TYPE",
    `${digest} is neither an image nor an index: its media type is ${mediaType}`,
    {
      fields: { digest, mediaType },
    },
  );
}

function openIndex(reader: ContentReader, descriptor: Descriptor, depth: number): Index {
  const opened = new Map<string, Content>();
  const raw = remember((options) =>
    readManifest({ descriptor, raw: (cancel) => reader.manifest(descriptor, cancel) }, options),
  );
  const manifest = remember(async (options) => parseIndex(await raw(options)));
  // Each child is opened once, so that what it has learnt of itself stays known.
  const open = (entry: Descriptor): Content => {
    const key = `${entry.mediaType} ${entry.digest}`;
    const content = opened.get(key) ?? openAt(reader, entry, depth + 1);
    opened.set(key, content);
    return content;
  };
  return {
    kind: "index",
    mediaType: descriptor.mediaType,
    descriptor: async () => descriptor,
    digest: async () => descriptor.digest,
    raw,
    manifest,
    children: async (options) =>
      (await manifest(options)).manifests
        .filter(({ mediaType }) => isManifestType(mediaType) || isIndexType(mediaType))
        .map(open),
    child: async (wanted, options) => {
      const entry = (await manifest(options)).manifests.find(({ digest }) => digest === wanted.digest);
      if (entry === undefined) throw notInIndex(wanted);
      return open(entry);
    },
  };
}
