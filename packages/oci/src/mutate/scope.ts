import type { Cancellable } from "@cooper/archive";
import type { MediaType, Platform } from "../descriptor.ts";
import { composeImage, isUnchanged, partsOf } from "../image-parts.ts";
import type { ImageParts } from "../image-parts.ts";
import { ATTESTS, composeIndex, indexPartsOf, isIndexUnchanged } from "../index-parts.ts";
import type { IndexEntry, IndexParts } from "../index-parts.ts";
import { platformOf } from "../make-index.ts";
import { isConfigType } from "../media-types.ts";
import type { Content, Image, Index } from "../model.ts";
import { isSamePlatform } from "../platform.ts";

/** On which images of an index a change is made; on a single image it is always made. */
export interface Scope {
  /** Default: all of them. Artifacts and what has no image config are never changed. */
  readonly platforms?: readonly Platform[] | undefined;
  /**
   * What becomes of the attestations of an image that is changed. They speak of the old image, so
   * the default is `drop`; `keep` makes their entries name the new one. Those of images that are not
   * changed stay as they are.
   */
  readonly attestations?: "drop" | "keep" | undefined;
}

/** What a change of content gives: an image for an image, an index for an index. */
export type Changed<Given extends Content> = Given extends Image
  ? Image
  : Given extends Index
    ? Index
    : Content;

export interface Changing extends Cancellable {
  /** The image before the change. */
  readonly image: Image;
  /** What the index, or else the image's config, says that it is for. */
  readonly platform: Platform | undefined;
}

/** How one image is changed. Parts that are given back as they came leave the image's bytes as they are. */
export interface ImageChange {
  /** The media type afterwards, which is told before anything is read. Default: the same. */
  readonly mediaType?: MediaType | undefined;
  readonly parts: (parts: ImageParts, changing: Changing) => ImageParts | Promise<ImageParts>;
}

/** How an index itself is changed. */
export interface IndexChange {
  readonly mediaType?: MediaType | undefined;
  readonly parts: (parts: IndexParts, options: Cancellable) => IndexParts | Promise<IndexParts>;
}

export interface ContentChange {
  readonly image?: ImageChange | undefined;
  readonly index?: IndexChange | undefined;
}

/**
 * New content with every image changed: an image itself, or the images of an index and of the
 * indexes in it. Nothing is read before the new content is.
 */
export function changeContent<Given extends Content>(
  content: Given,
  change: ContentChange,
  scope: Scope,
): Changed<Given>;
export function changeContent(content: Content, change: ContentChange, scope: Scope): Content {
  return content.kind === "image"
    ? changeImage(content, change, undefined)
    : changeIndex(content, change, scope);
}

function changeImage(image: Image, { image: change }: ContentChange, listed: Platform | undefined): Image {
  if (change === undefined) return image;
  return composeImage(change.mediaType ?? image.mediaType, async (options) => {
    const before = await partsOf(image, options);
    const platform = listed ?? (await platformOf(image, options));
    const parts = await change.parts(before, { ...options, image, platform });
    return isSameManifest(parts, before) ? { parts, kept: image } : { parts };
  });
}

/** The descriptor is outside of the manifest's bytes. */
function isSameManifest(a: ImageParts, b: ImageParts): boolean {
  return (
    a.mediaType === b.mediaType &&
    a.manifest === b.manifest &&
    a.configDescriptor === b.configDescriptor &&
    a.config === b.config &&
    a.layers === b.layers
  );
}

function changeIndex(index: Index, change: ContentChange, scope: Scope): Index {
  return composeIndex(change.index?.mediaType ?? index.mediaType, async (options) => {
    const before = await indexPartsOf(index, options);
    const contents: (Content | undefined)[] = [];
    for (const entry of before.entries) {
      contents.push("content" in entry ? await changeChild(entry, change, scope, options) : undefined);
    }
    const isSame = before.entries.every((entry, i) => !("content" in entry) || entry.content === contents[i]);
    const settled = isSame
      ? before
      : { ...before, entries: await settle(before.entries, contents, scope, options) };
    const parts = (await change.index?.parts(settled, options)) ?? settled;
    return parts === before ? { parts, kept: index } : { parts };
  });
}

export type ContentEntry = Extract<IndexEntry, { readonly content: Content }>;

/** The child after the change; itself if nothing is changed. */
async function changeChild(
  { content, rest }: ContentEntry,
  change: ContentChange,
  scope: Scope,
  options: Cancellable,
): Promise<Content> {
  if (content.kind === "index") {
    const nested = changeIndex(content, change, scope);
    return (await isIndexUnchanged(nested, options)) ? content : nested;
  }
  if (!(await isChosen({ content, rest }, scope, options))) return content;
  const changed = changeImage(content, change, rest.platform);
  return (await isUnchanged(changed, options)) ? content : changed;
}

/** Whether an entry is an image that is to be changed: no attestation, no artifact, and of a platform that is meant. */
export async function isChosen(
  { content, rest }: ContentEntry,
  { platforms }: Scope,
  options: Cancellable,
): Promise<boolean> {
  if (content.kind === "index" || rest.annotations?.[ATTESTS] !== undefined) return false;
  const { configDescriptor } = await partsOf(content, options);
  if (!isConfigType(configDescriptor.mediaType)) return false;
  if (platforms === undefined) return true;
  const platform = rest.platform ?? (await platformOf(content, options));
  return platform !== undefined && platforms.some((chosen) => isSamePlatform(chosen, platform));
}

/** The entries with their new contents, and the attestations dealt with. */
async function settle(
  entries: readonly IndexEntry[],
  contents: readonly (Content | undefined)[],
  { attestations = "drop" }: Scope,
  options: Cancellable,
): Promise<readonly IndexEntry[]> {
  const settled: IndexEntry[] = [];
  for (const [i, entry] of entries.entries()) {
    const content = contents[i];
    if (!("content" in entry) || content === undefined) {
      settled.push(entry);
      continue;
    }
    const subject = await subjectOf(entry, entries, options);
    const about = subject === undefined ? undefined : contents[subject];
    const isStale = subject !== undefined && !isSameContent(entries[subject], about);
    if (isStale && attestations === "drop") continue;
    settled.push({
      content,
      rest: content === entry.content ? entry.rest : await restOf(entry, content, options),
      ...(about === undefined ? {} : { about }),
    });
  }
  return settled;
}

function isSameContent(entry: IndexEntry | undefined, content: Content | undefined): boolean {
  return entry !== undefined && "content" in entry && entry.content === content;
}

/** Which entry of the same index an attestation is about. */
async function subjectOf(
  attestation: ContentEntry,
  entries: readonly IndexEntry[],
  options: Cancellable,
): Promise<number | undefined> {
  const named = attestation.rest.annotations?.[ATTESTS];
  if (named === undefined) return undefined;
  for (const [i, entry] of entries.entries()) {
    if (!("content" in entry) || entry === attestation) continue;
    const isIt =
      attestation.about === undefined
        ? (await entry.content.digest(options)) === named
        : attestation.about === entry.content;
    if (isIt) return i;
  }
  return undefined;
}

/** The entry of a changed image says the platform that the image has now. */
async function restOf(
  { rest }: ContentEntry,
  content: Content,
  options: Cancellable,
): Promise<ContentEntry["rest"]> {
  if (content.kind === "index") return rest;
  const { platform } = (await partsOf(content, options)).descriptor;
  return platform === undefined ? rest : { ...rest, platform };
}
