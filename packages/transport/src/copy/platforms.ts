import type { Cancellable } from "@cooper/archive";
import { filterIndex, selectPlatform } from "@cooper/oci";
import type { Content, Image, Platform } from "@cooper/oci";

/** The platform of this machine, as image-spec writes it. */
export function hostPlatform(): Platform {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
  return { os: "linux", architecture: architectures[process.arch] ?? process.arch };
}

/**
 * One image: content itself if it is one, else the index's image for the platform; default: this
 * machine's. For commands that work on a single image. `NO_SUCH_PLATFORM`
 */
export async function selectImage(
  content: Content,
  { platform, signal }: Cancellable & { readonly platform?: Platform | undefined } = {},
): Promise<Image> {
  return await selectPlatform(content, platform ?? hostPlatform(), { signal });
}

/**
 * Only some platforms: of one, the image itself; of several, an index with those entries of the
 * original one, and with the attestations of what is kept. The images keep their digests.
 * `NO_SUCH_PLATFORM`
 */
export async function choosePlatforms(
  content: Content,
  platforms: readonly Platform[],
  options: Cancellable,
): Promise<Content> {
  const [only, ...others] = platforms;
  if (only === undefined || content.kind === "image") return content;
  if (others.length === 0) return await selectPlatform(content, only, options);
  return filterIndex(content, platforms);
}
