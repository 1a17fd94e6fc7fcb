import type { Cancellable } from "@cooper/archive";
import type { Platform } from "./descriptor.ts";
import { OciError } from "./errors.ts";
import { ATTESTS, indexPartsOf } from "./index-parts.ts";
import { platformOf } from "./make-index.ts";
import type { Content, Image, Index } from "./model.ts";
import { formatPlatform, isUnknownPlatform, rankPlatform } from "./platform.ts";

/** An image of an index, with the platform that it is for. */
export interface PlatformImage {
  readonly platform: Platform;
  readonly image: Image;
}

/**
 * The image of an index that suits a platform best; among equals the first one, as image-spec wants.
 * Indexes in the index are looked into. A single image is given as it is, whatever its platform:
 * there is no other. `NO_SUCH_PLATFORM`
 */
export async function selectPlatform(
  content: Content,
  platform: Platform,
  options: Cancellable = {},
): Promise<Image> {
  if (content.kind === "image") return content;
  const offered = await platformsOf(content, options);
  let best: { readonly rank: number; readonly image: Image } | undefined;
  for (const { platform: offer, image } of offered) {
    const rank = rankPlatform(platform, offer);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { rank, image };
  }
  if (best !== undefined) return best.image;
  const names = offered.map(({ platform: offer }) => formatPlatform(offer)).join(", ");
  throw new OciError("NO_SUCH_PLATFORM", `there is no image for ${formatPlatform(platform)}`, {
    fields: { platform: formatPlatform(platform) },
    advice: names === "" ? "The index has no images." : `There is: ${names}.`,
  });
}

/**
 * The images of an index, in order, also of the indexes in it; no attestations and no artifacts.
 * An entry that says no platform has the one of its image's config, which then is read.
 */
export async function platformsOf(
  index: Index,
  options: Cancellable = {},
): Promise<readonly PlatformImage[]> {
  const found: PlatformImage[] = [];
  for (const entry of (await indexPartsOf(index, options)).entries) {
    if (!("content" in entry)) continue;
    const { content, rest } = entry;
    if (content.kind === "index") found.push(...(await platformsOf(content, options)));
    else if (rest.annotations?.[ATTESTS] === undefined && !isUnknownPlatform(rest.platform)) {
      const platform = rest.platform ?? (await platformOf(content, options));
      if (platform !== undefined) found.push({ platform, image: content });
    }
  }
  return found;
}
