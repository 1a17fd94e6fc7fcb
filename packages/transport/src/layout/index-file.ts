import { isDeepStrictEqual } from "node:util";
import { isDigest, isIndexType, isManifestType, MEDIA_TYPES } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { TransportError } from "../errors.ts";

/** The tag of an entry (image-spec, annotations.md). */
export const REF_NAME = "org.opencontainers.image.ref.name";
/** containerd and BuildKit write the whole name here and only the tag into `REF_NAME`. */
export const CONTAINERD_NAME = "io.containerd.image.name";

/** `index.json` of a layout: keys that Cooper does not know stay as they are. */
export interface IndexFile {
  readonly json: Readonly<Record<string, unknown>>;
  readonly manifests: readonly Descriptor[];
}

export const EMPTY_INDEX_FILE: IndexFile = {
  json: { schemaVersion: 2, mediaType: MEDIA_TYPES.oci.index, manifests: [] },
  manifests: [],
};

/** Reads `index.json`. `LAYOUT_INVALID` */
export function parseIndexFile(raw: Uint8Array, name: string): IndexFile {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(raw).toString());
  } catch (cause) {
    throw invalid(name, "is not JSON", cause);
  }
  // `docker save` of an image without a tag writes null (reference/images.md, "docker save ≥25").
  if (json === null) return EMPTY_INDEX_FILE;
  if (!isRecord(json)) throw invalid(name, "is not an object");
  const manifests = json["manifests"] ?? [];
  if (!Array.isArray(manifests) || !manifests.every(isDescriptor)) {
    throw invalid(name, "has an entry that is not a descriptor");
  }
  return { json, manifests };
}

export function formatIndexFile(file: IndexFile): Buffer {
  return Buffer.from(JSON.stringify({ ...file.json, manifests: file.manifests }));
}

/** The entry with a tag: by tag as image-spec says, by whole name as containerd does. */
export function findTag(manifests: readonly Descriptor[], tag: string): Descriptor | undefined {
  return (
    manifests.find((entry) => entry.annotations?.[REF_NAME] === tag) ??
    manifests.find((entry) => entry.annotations?.[CONTAINERD_NAME] === tag)
  );
}

/** Without names that only had a meaning where the descriptor came from. */
export function withoutNames(descriptor: Descriptor): Descriptor {
  const { annotations, ...rest } = descriptor;
  if (annotations === undefined) return rest;
  const { [REF_NAME]: _tag, [CONTAINERD_NAME]: _name, ...others } = annotations;
  return Object.keys(others).length === 0 ? rest : { ...rest, annotations: others };
}

/** With an entry for `descriptor`; a tag is taken from whatever had it. The same file where it says so already. */
export function withEntry(file: IndexFile, descriptor: Descriptor, tag: string | undefined): IndexFile {
  const plain = withoutNames(descriptor);
  const same = (entry: Descriptor): boolean => entry.digest === descriptor.digest;
  if (tag === undefined) {
    if (file.manifests.some(same)) return file;
    return { ...file, manifests: [...file.manifests, plain] };
  }
  const tagged = { ...plain, annotations: { ...plain.annotations, [REF_NAME]: tag } };
  const others = file.manifests.filter(
    (entry) => tagOf(entry) !== tag && !(same(entry) && tagOf(entry) === undefined),
  );
  // As a build does that finds nothing changed: then nothing is to be written.
  const isThere =
    others.length === file.manifests.length - 1 && isDeepStrictEqual(file.manifests.at(-1), tagged);
  return isThere ? file : { ...file, manifests: [...others, tagged] };
}

/** Without the entries that `remove` is true of. */
export function withoutEntries(file: IndexFile, remove: (entry: Descriptor) => boolean): IndexFile {
  return { ...file, manifests: file.manifests.filter((entry) => !remove(entry)) };
}

export function tagOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME];
}

/** What an unnamed reference to a layout means, or why it means nothing. */
export type Choice =
  | { readonly found: Descriptor }
  /** The entries are one image's platforms: `index.json` itself is the image. */
  | { readonly found: "index.json" }
  | { readonly found: undefined; readonly among: readonly Descriptor[] };

/**
 * The image that is meant where a layout is named without a tag: the only one, or that tagged
 * `latest`. `isReferrer` tells what is there only to speak of another image.
 */
export function chooseOnly(
  manifests: readonly Descriptor[],
  isReferrer: (entry: Descriptor) => boolean,
): Choice {
  const named = findTag(manifests, "latest");
  const images = manifests.filter((entry) => tagOf(entry) !== undefined || !isReferrer(entry));
  const [only] = images;
  if (only !== undefined && images.every((entry) => entry.digest === only.digest)) return { found: only };
  if (named !== undefined) return { found: named };
  // Some builders list the platforms of one image here, with no index between.
  const platforms = new Set(images.map((entry) => JSON.stringify(entry.platform)));
  if (
    images.length > 1 &&
    platforms.size === images.length &&
    images.every((entry) => entry.platform !== undefined && tagOf(entry) === undefined)
  ) {
    return { found: "index.json" };
  }
  return { found: undefined, among: images };
}

/** Whether a descriptor is of JSON that names further blobs. */
export function namesOthers(descriptor: Descriptor): boolean {
  return isManifestType(descriptor.mediaType) || isIndexType(descriptor.mediaType);
}

export function isDescriptor(value: unknown): value is Descriptor {
  return (
    isRecord(value) &&
    typeof value["digest"] === "string" &&
    // A digest becomes a path: its grammar has no way up.
    isDigest(value["digest"]) &&
    Number.isSafeInteger(value["size"]) &&
    typeof value["mediaType"] === "string"
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(name: string, why: string, cause?: unknown): TransportError {
  return new TransportError("LAYOUT_INVALID", `${name}: index.json ${why}`, {
    cause,
    fields: { path: name },
  });
}
