import { collect, fromBytes } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { MAX_CONFIG_BYTES, parseConfig } from "./config.ts";
import { checkBytes, inlineBytes } from "./descriptor.ts";
import type { Descriptor } from "./descriptor.ts";
import { OciError } from "./errors.ts";
import { completeLayer } from "./layer.ts";
import { isArtifact, MAX_MANIFEST_BYTES, parseManifest, tooLarge } from "./manifest.ts";
import type { ImageManifest } from "./manifest.ts";
import type { Image } from "./model.ts";
import { remember } from "./remember.ts";

/** What a source really knows of an image that it has: `completeImage` derives the rest. */
export interface ImageCore {
  /** As the source names it: an index's entry keeps its platform and annotations. */
  readonly descriptor: Descriptor;
  /** The manifest's exact bytes; they are checked against the descriptor. */
  readonly raw: (options: Cancellable) => Promise<Uint8Array>;
  /** The bytes of a blob that the manifest names, fresh each time, checked by the source. */
  readonly blob: (descriptor: Descriptor, options: Cancellable) => ByteStream;
}

/**
 * An image from what its source knows. Each answer is derived once and remembered. Reading throws
 * what the source throws and, where the source's bytes are not what they should be, `SIZE_MISMATCH`,
 * `DIGEST_MISMATCH`, `INVALID_JSON`, `INVALID_MANIFEST`, `MANIFEST_TOO_LARGE`, `SCHEMA1_UNSUPPORTED`.
 */
export function completeImage(core: ImageCore): Image {
  const { descriptor } = core;
  const raw = remember((options) => readManifest(core, options));
  const manifest = remember(async (options) => parseManifest(await raw(options)));
  const rawConfig = remember(async (options) => {
    const named = (await manifest(options)).config;
    return inlineBytes(named) ?? (await readBlob(core, named, options));
  });
  const config = remember(async (options) => {
    requireImage(await manifest(options), descriptor);
    return parseConfig(await rawConfig(options));
  });
  const layers = remember(async (options) => {
    const document = await manifest(options);
    const diffIds = isArtifact(document) ? [] : (await config(options)).rootfs.diff_ids;
    // With another number of diffIDs nobody can say which belongs to which layer.
    const fits = diffIds.length === document.layers.length;
    return document.layers.map((layer, i) =>
      completeLayer({
        descriptor: layer,
        open: (cancel) => openBlob(core, layer, cancel),
        ...(fits && diffIds[i] !== undefined ? { diffId: diffIds[i] } : {}),
      }),
    );
  });
  return {
    kind: "image",
    mediaType: descriptor.mediaType,
    descriptor: async () => descriptor,
    digest: async () => descriptor.digest,
    raw,
    manifest,
    rawConfig,
    config,
    layers,
  };
}

/** `NOT_AN_IMAGE` for an artifact. */
export function requireImage(manifest: ImageManifest, { digest }: Pick<Descriptor, "digest">): void {
  if (!isArtifact(manifest)) return;
  const { mediaType } = manifest.config;
  throw new OciError("NOT_AN_IMAGE", `${digest} is no image: its config is ${mediaType}`, {
    fields: { digest, mediaType },
    advice: "It is an artifact: it has blobs, but neither an image config nor filesystem layers.",
  });
}

/** A manifest's or index's bytes, bounded and checked; from the descriptor's own `data` if it has any. */
export async function readManifest(
  { descriptor, raw }: Pick<ImageCore, "descriptor" | "raw">,
  options: Cancellable,
): Promise<Uint8Array> {
  const { size, digest } = descriptor;
  if (size > MAX_MANIFEST_BYTES) throw tooLarge(`the manifest ${digest}`, size, MAX_MANIFEST_BYTES);
  const inline = inlineBytes(descriptor);
  if (inline !== undefined) return inline;
  const bytes = await raw(options);
  checkBytes(bytes, descriptor, "the manifest");
  return bytes;
}

async function readBlob(core: ImageCore, descriptor: Descriptor, options: Cancellable): Promise<Uint8Array> {
  const { size, digest } = descriptor;
  if (size > MAX_CONFIG_BYTES) throw tooLarge(`the config ${digest}`, size, MAX_CONFIG_BYTES);
  const bytes = await collect(core.blob(descriptor, options), { limit: size });
  checkBytes(bytes, descriptor, "the config");
  return bytes;
}

/** Handed on as it is: what the source has `verified`, nobody needs to hash again. */
function openBlob(core: ImageCore, descriptor: Descriptor, options: Cancellable): ByteStream {
  const inline = inlineBytes(descriptor);
  return inline === undefined ? core.blob(descriptor, options) : fromBytes(inline);
}
