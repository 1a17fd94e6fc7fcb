import type { Cancellable } from "@cooper/archive";
import {
  digestBytes,
  formatPlatform,
  isUnknownPlatform,
  OciError,
  rankPlatform,
  parseIndex,
  parseJson,
  serializeJson,
} from "@cooper/oci";
import type { Content, Descriptor, Image, Index, Platform } from "@cooper/oci";
import { isRecord, namesOthers } from "../layout/index-file.ts";

/** The attestations of an image are listed beside it, and name it here (BuildKit, attestation-storage.md). */
const ATTESTS = "vnd.docker.reference.digest";

/** The platform of this machine, as image-spec writes it. */
export function hostPlatform(): Platform {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
  return { os: "linux", architecture: architectures[process.arch] ?? process.arch };
}

/** The image of an index for a platform, or content as it is where none is asked for. `NO_SUCH_PLATFORM` */
export async function choosePlatform(
  content: Content,
  platform: Platform | undefined,
  options: Cancellable,
): Promise<Content> {
  return platform === undefined ? content : await selectImage(content, { ...options, platform });
}

/**
 * One image: content itself if it is one, else the index's image for the platform; default: this
 * machine's. For commands that work on a single image. `NO_SUCH_PLATFORM`
 */
export async function selectImage(
  content: Content,
  { platform, signal }: Cancellable & { readonly platform?: Platform | undefined } = {},
): Promise<Image> {
  if (content.kind === "image") return content;
  const { manifests } = await content.manifest({ signal });
  const child = await content.child(entryFor(manifests, platform ?? hostPlatform()), { signal });
  return await selectImage(child, { platform, signal });
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
  if (others.length === 0) return await selectImage(content, { ...options, platform: only });
  const { manifests } = await content.manifest(options);
  const chosen = platforms.map((platform) => entryFor(manifests, platform));
  const digests = new Set<string | undefined>(chosen.map(({ digest }) => digest));
  return filterIndex(
    content,
    await content.raw(options),
    (entry) => digests.has(entry.digest) || digests.has(entry.annotations?.[ATTESTS]),
  );
}

/** The best entry for a platform: the nearest variant, of equals the first. */
function entryFor(manifests: readonly Descriptor[], platform: Platform): Descriptor {
  let best: { readonly entry: Descriptor; readonly rank: number } | undefined;
  for (const entry of manifests) {
    if (entry.platform === undefined || isUnknownPlatform(entry.platform)) continue;
    const rank = rankPlatform(platform, entry.platform);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { entry, rank };
  }
  if (best !== undefined) return best.entry;
  const offered = manifests.flatMap((entry) =>
    entry.platform === undefined || isUnknownPlatform(entry.platform) ? [] : formatPlatform(entry.platform),
  );
  throw new OciError("NO_SUCH_PLATFORM", `the index has no image for ${formatPlatform(platform)}`, {
    fields: { platform: formatPlatform(platform) },
    advice: offered.length === 0 ? "Its entries name no platform." : `It has: ${offered.join(", ")}.`,
  });
}

function filterIndex(index: Index, original: Uint8Array, keep: (entry: Descriptor) => boolean): Index {
  const json = parseJson(original, "index");
  const before = parseIndex(original).manifests;
  if (!isRecord(json) || !Array.isArray(json["manifests"])) throw new Error("unreachable: it was parsed");
  const entries: readonly unknown[] = json["manifests"];
  const manifests = entries.filter((_, i) => before[i] !== undefined && keep(before[i]));
  const raw = serializeJson({ ...json, manifests });
  const digest = digestBytes(raw);
  return {
    kind: "index",
    mediaType: index.mediaType,
    raw: async () => raw,
    digest: async () => digest,
    descriptor: async () => ({ mediaType: index.mediaType, digest, size: raw.byteLength }),
    manifest: async () => parseIndex(raw),
    children: async (options) =>
      await Promise.all(
        parseIndex(raw)
          .manifests.filter(namesOthers)
          .map(async (entry) => await index.child(entry, options)),
      ),
    child: async (descriptor, options) => await index.child(descriptor, options),
  };
}
