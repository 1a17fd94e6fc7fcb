import type { Cancellable } from "@cooper/archive";
import type { Platform } from "../descriptor.ts";
import { OciError } from "../errors.ts";
import { ATTESTS, composeIndex, indexPartsOf } from "../index-parts.ts";
import type { IndexEntry } from "../index-parts.ts";
import { entryOf, platformOf } from "../make-index.ts";
import type { IndexChild } from "../make-index.ts";
import type { Content, Index } from "../model.ts";
import { formatPlatform, isUnknownPlatform, matchPlatform } from "../platform.ts";

/**
 * What children an index gets of `contents`: images as they are; of an index its own children, with
 * what it says of them, so that no index lies in another.
 */
export async function childrenOf(
  contents: readonly Content[],
  options: Cancellable = {},
): Promise<readonly IndexChild[]> {
  const children: IndexChild[] = [];
  for (const content of contents) {
    if (content.kind === "image") {
      children.push({ content });
      continue;
    }
    for (const entry of (await indexPartsOf(content, options)).entries) {
      if (!("content" in entry)) continue;
      const { platform, annotations } = entry.rest;
      children.push({ content: entry.content, platform, annotations });
    }
  }
  return children;
}

/** An index with further children at its end. All else that it says stays. */
export function appendToIndex(index: Index, children: readonly (Content | IndexChild)[]): Index {
  return composeIndex(index.mediaType, async (options) => {
    const parts = await indexPartsOf(index, options);
    const added: IndexEntry[] = [];
    for (const child of children) {
      added.push(await entryOf("kind" in child ? { content: child } : child, options));
    }
    return { parts: { ...parts, entries: [...parts.entries, ...added] } };
  });
}

/**
 * An index with only the images that run on one of these platforms, with their attestations; what is
 * no image of a platform goes too. All else that the index says stays. `NO_SUCH_PLATFORM`
 */
export function filterIndex(index: Index, platforms: readonly Platform[]): Index {
  return composeIndex(index.mediaType, async (options) => {
    const parts = await indexPartsOf(index, options);
    const offered = await Promise.all(
      parts.entries.map(async (entry) => ({ entry, platform: await platformOfEntry(entry, options) })),
    );
    for (const wanted of platforms) {
      if (offered.some(({ platform }) => platform !== undefined && matchPlatform(wanted, platform))) continue;
      throw new OciError("NO_SUCH_PLATFORM", `the index has no image for ${formatPlatform(wanted)}`, {
        fields: { platform: formatPlatform(wanted) },
      });
    }
    const images = offered.filter(
      ({ platform }) => platform !== undefined && platforms.some((wanted) => matchPlatform(wanted, platform)),
    );
    const kept = new Set<IndexEntry>(images.map(({ entry }) => entry));
    const digests = new Set<string>();
    for (const entry of kept) if ("content" in entry) digests.add(await entry.content.digest(options));
    const entries = parts.entries.filter((entry) => kept.has(entry) || digests.has(attestedBy(entry) ?? ""));
    return { parts: { ...parts, entries } };
  });
}

function attestedBy(entry: IndexEntry): string | undefined {
  return ("other" in entry ? entry.other : entry.rest).annotations?.[ATTESTS];
}

async function platformOfEntry(entry: IndexEntry, options: Cancellable): Promise<Platform | undefined> {
  if ("other" in entry || attestedBy(entry) !== undefined) return undefined;
  const { content, rest } = entry;
  const platform =
    rest.platform ?? (content.kind === "image" ? await platformOf(content, options) : undefined);
  return isUnknownPlatform(platform) ? undefined : platform;
}
