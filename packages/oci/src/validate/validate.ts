import type { Cancellable } from "@cooper/archive";
import { ATTESTS } from "../index-parts.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestAlgorithm, digestBytes } from "../digest.ts";
import type { ImageManifest, IndexManifest } from "../manifest.ts";
import { isIndexType, isManifestType } from "../media-types.ts";
import type { Content, Index } from "../model.ts";
import { MAX_INDEX_NESTING } from "../open.ts";
import { formatPlatform } from "../platform.ts";
import { validateImage } from "./image.ts";
import { LayerReader } from "./layer-reader.ts";
import { Report } from "./mismatch.ts";
import type { Mismatch } from "./mismatch.ts";

export interface ValidateOptions extends Cancellable {
  /** `fast` reads manifests and configs, `full` also every layer, each once. Default full. */
  readonly depth?: "fast" | "full" | undefined;
}

/**
 * Everything that is not as it should be, for an index in all that it names; an empty list says that
 * all is well. It believes nobody: what a source has checked is hashed again here. Layers that may
 * not be distributed are not read. Throws only when it is cancelled.
 */
export async function validate(
  content: Content,
  { depth = "full", signal }: ValidateOptions = {},
): Promise<readonly Mismatch[]> {
  const report = new Report();
  const reader = depth === "full" ? new LayerReader({ signal }) : undefined;
  await validateContent(content, report, { signal, reader, nesting: 0 });
  return report.mismatches;
}

interface Context extends Cancellable {
  readonly reader: LayerReader | undefined;
  readonly nesting: number;
  /** What the index says of this child. */
  readonly entry?: Descriptor | undefined;
}

async function validateContent(content: Content, report: Report, context: Context): Promise<void> {
  // First: a layer that is still to be made is then known to the manifest without being made again.
  if (content.kind === "image") await context.reader?.readAll(content, report);
  await validateBytes(content, report, context);
  if (content.kind === "image") await validateImage(content, report, context);
  else await validateIndex(content, report, context);
}

/** The bytes of a manifest or index against each of its names. */
async function validateBytes(content: Content, report: Report, { signal, entry }: Context): Promise<void> {
  const raw = await report.read("raw()", () => content.raw({ signal }), signal);
  const descriptor = await report.read("descriptor()", () => content.descriptor({ signal }), signal);
  const digest = await report.read("digest()", () => content.digest({ signal }), signal);
  if (raw === undefined || descriptor === undefined) return;
  const hashed = hashLike(descriptor.digest, raw);
  report.compare("size", ["descriptor().size", descriptor.size], ["bytes of raw()", raw.byteLength]);
  report.compare(
    "digest",
    ["digest()", digest],
    ["descriptor().digest", descriptor.digest],
    ["hash of raw()", hashed],
  );
  const manifest = await report.read<ImageManifest | IndexManifest>(
    "manifest()",
    () => content.manifest({ signal }),
    signal,
  );
  const types: (readonly [string, string])[] = [
    ["mediaType", content.mediaType],
    ["descriptor().mediaType", descriptor.mediaType],
  ];
  if (manifest?.mediaType !== undefined) types.push(["manifest().mediaType", manifest.mediaType]);
  const [first, ...others] = types;
  if (first !== undefined) report.compare("media-type", first, ...others);
  if (entry === undefined) return;
  report.compare(
    "digest",
    ["the index's entry", entry.digest],
    ["hash of raw()", hashLike(entry.digest, raw)],
  );
  report.compare("size", ["the index's entry", entry.size], ["bytes of raw()", raw.byteLength]);
}

async function validateIndex(index: Index, report: Report, context: Context): Promise<void> {
  const { signal, nesting } = context;
  const manifest = await report.read("manifest()", () => index.manifest({ signal }), signal);
  if (manifest === undefined) return;
  if (nesting >= MAX_INDEX_NESTING) {
    report.add("nesting", `it lies in ${nesting} indexes, more than anyone reads`);
    return;
  }
  const digests = new Set<string>(manifest.manifests.map(({ digest }) => digest));
  for (const [i, entry] of manifest.manifests.entries()) {
    const place = report.within(placeOf(entry, i));
    const attests = entry.annotations?.[ATTESTS];
    if (attests !== undefined && !digests.has(attests)) {
      place.add("attestation", `${ATTESTS}=${attests}, which is not in the index`);
    }
    if (!isManifestType(entry.mediaType) && !isIndexType(entry.mediaType)) continue;
    const child = await place.read("child()", () => index.child(entry, { signal }), signal);
    if (child !== undefined) await validateContent(child, place, { ...context, nesting: nesting + 1, entry });
  }
}

function placeOf({ platform, digest, annotations }: Descriptor, i: number): string {
  if (annotations?.[ATTESTS] !== undefined) return `manifest ${i} (attestation)`;
  return platform === undefined ? `manifest ${i} (${digest.slice(0, 19)})` : formatPlatform(platform);
}

/** The hash of bytes with the function of another digest; that of a function that is not known is sha256. */
function hashLike(digest: Descriptor["digest"], bytes: Uint8Array): string {
  return digestBytes(bytes, digestAlgorithm(digest) === "sha512" ? "sha512" : "sha256");
}
