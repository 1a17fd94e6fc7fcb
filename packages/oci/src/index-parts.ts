import type { Cancellable } from "@cooper/archive";
import { describeBytes } from "./descriptor.ts";
import type { Descriptor, MediaType } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { OciError } from "./errors.ts";
import type { DescriptorRest } from "./image-parts.ts";
import { parseIndex } from "./manifest.ts";
import type { IndexManifest } from "./manifest.ts";
import { isIndexType, isManifestType } from "./media-types.ts";
import type { Content, Index } from "./model.ts";
import { remember } from "./remember.ts";
import type { Question } from "./remember.ts";
import { serializeIndex } from "./serialize.ts";

/** The annotation by which an attestation names, in the same index, what it is about (BuildKit, attestation-storage.md). */
export const ATTESTS = "vnd.docker.reference.digest";

/** A child with what the index says of it, or a descriptor of something else, which is kept as it is. */
export type IndexEntry =
  | {
      readonly content: Content;
      readonly rest: DescriptorRest;
      /** For an attestation: what it is about, whose digest goes into the entry. */
      readonly about?: Content | undefined;
    }
  | { readonly other: Descriptor };

/** An index taken apart so that it can be changed before any layer of its images is made. */
export interface IndexParts {
  readonly mediaType: MediaType;
  readonly descriptor: DescriptorRest;
  readonly manifest: Omit<IndexManifest, "manifests">;
  readonly entries: readonly IndexEntry[];
}

/** The parts of any index; children are opened, not read. */
export async function indexPartsOf(index: Index, options: Cancellable): Promise<IndexParts> {
  const known = composed.get(index);
  if (known !== undefined) return (await known(options)).parts;
  const { manifests, ...manifest } = await index.manifest(options);
  const { platform, artifactType } = await index.descriptor(options);
  return {
    mediaType: index.mediaType,
    descriptor: {
      ...(platform === undefined ? {} : { platform }),
      ...(artifactType === undefined ? {} : { artifactType }),
    },
    manifest,
    entries: await Promise.all(manifests.map(async (entry) => await openEntry(index, entry, options))),
  };
}

/** Parts to put together; or, where nothing was changed, with the bytes that are to be kept. */
export interface IndexComposition {
  readonly parts: IndexParts;
  readonly kept?: Index | undefined;
}

/** An index of parts that are asked for when it is first read. */
export function composeIndex(
  mediaType: MediaType,
  ask: (options: Cancellable) => Promise<IndexComposition>,
): Index {
  const composition = remember(ask);
  const parts = async (options: Cancellable): Promise<IndexParts> => (await composition(options)).parts;
  const descriptors = remember(async (options) => {
    const list: Descriptor[] = [];
    for (const entry of (await parts(options)).entries) list.push(await describeEntry(entry, options));
    return list;
  });
  const raw = remember(async (options) => {
    const { kept } = await composition(options);
    if (kept !== undefined) return await kept.raw(options);
    const { manifest } = await parts(options);
    return serializeIndex({ ...manifest, manifests: await descriptors(options) });
  });
  const descriptor = remember(async (options): Promise<Descriptor> => {
    const { parts: made, kept } = await composition(options);
    // What is kept may have a digest of another function.
    const { digest, size } =
      (await kept?.descriptor(options)) ?? describeBytes(mediaType, await raw(options));
    return { mediaType, digest, size, ...made.descriptor };
  });
  const index: Index = {
    kind: "index",
    mediaType,
    descriptor,
    digest: async (options?: Cancellable): Promise<Digest> => (await descriptor(options)).digest,
    raw,
    manifest: remember(async (options) => parseIndex(await raw(options))),
    children: async (options = {}) =>
      (await parts(options)).entries.flatMap((entry) => ("content" in entry ? [entry.content] : [])),
    child: async (wanted, options = {}) => {
      const i = (await descriptors(options)).findIndex(({ digest }) => digest === wanted.digest);
      const entry = (await parts(options)).entries[i];
      if (entry === undefined || !("content" in entry)) throw notInIndex(wanted);
      return entry.content;
    },
  };
  composed.set(index, composition);
  return index;
}

/** `NOT_IN_INDEX` */
export function notInIndex({ digest, mediaType }: Descriptor): OciError {
  return new OciError("NOT_IN_INDEX", `${digest} is not a manifest of this index`, {
    fields: { digest, mediaType },
  });
}

/** Whether a change turned out to change nothing. */
export async function isIndexUnchanged(index: Index, options: Cancellable): Promise<boolean> {
  return (await composed.get(index)?.(options))?.kept !== undefined;
}

const composed = new WeakMap<Index, Question<IndexComposition>>();

async function openEntry(index: Index, entry: Descriptor, options: Cancellable): Promise<IndexEntry> {
  if (!isManifestType(entry.mediaType) && !isIndexType(entry.mediaType)) return { other: entry };
  const { mediaType: _type, digest: _digest, size: _size, data: _data, urls: _urls, ...rest } = entry;
  return { content: await index.child(entry, options), rest };
}

async function describeEntry(entry: IndexEntry, options: Cancellable): Promise<Descriptor> {
  if ("other" in entry) return entry.other;
  const { content, rest, about } = entry;
  const { mediaType, digest, size } = await content.descriptor(options);
  const annotations =
    about === undefined ? rest.annotations : { ...rest.annotations, [ATTESTS]: await about.digest(options) };
  return { mediaType, digest, size, ...rest, ...(annotations === undefined ? {} : { annotations }) };
}
