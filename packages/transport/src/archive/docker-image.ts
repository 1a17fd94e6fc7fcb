import { detectCompression, discard, tally } from "@cooper/archive";
import type { Cancellable, Compression } from "@cooper/archive";
import {
  digestBytes,
  digestOf,
  isDigest,
  layerMediaType,
  MAX_CONFIG_BYTES,
  MEDIA_TYPES,
  parseConfig,
  parseDigest,
  serializeJson,
} from "@cooper/oci";
import type { Descriptor, Digest } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import type { DockerImage } from "./docker-manifest.ts";
import type { TarFiles } from "./tar-files.ts";

/** The manifest that an image of an archive would have in a registry, and where its blobs lie. */
export interface AssembledImage {
  readonly descriptor: Descriptor;
  readonly raw: Uint8Array;
  readonly places: ReadonlyMap<Digest, Place>;
}

/** A path in the archive, or bytes that are in no file of it. */
type Place = { readonly path: string } | { readonly bytes: Uint8Array };

/**
 * Makes a Docker manifest (schema 2) for an image that came without one. An uncompressed layer is
 * not read for it: its digest is its diffID. `ARCHIVE_INVALID`
 */
export async function assembleImage(
  tar: TarFiles,
  image: DockerImage,
  options: Cancellable,
): Promise<AssembledImage> {
  const rawConfig = await tar.read(image.config, MAX_CONFIG_BYTES);
  if (rawConfig === undefined) throw incomplete(tar.name, image.config);
  return await assemble(tar, { rawConfig, layers: image.layers }, options);
}

/** The same from a config that is in memory. */
export async function assemble(
  tar: TarFiles,
  { rawConfig, layers }: { readonly rawConfig: Uint8Array; readonly layers: readonly string[] },
  options: Cancellable,
): Promise<AssembledImage> {
  const diffIds = parseConfig(rawConfig).rootfs.diff_ids;
  if (diffIds.length !== layers.length) {
    throw new TransportError(
      "ARCHIVE_INVALID",
      `${tar.name}: the image has ${diffIds.length} diffIDs and ${layers.length} layers`,
      { fields: { path: tar.name }, advice: "The archive is not whole: save the image again." },
    );
  }
  const places = new Map<Digest, Place>();
  const config = { mediaType: MEDIA_TYPES.docker.config, ...describe(rawConfig) };
  places.set(config.digest, { bytes: rawConfig });
  const descriptors: Descriptor[] = [];
  for (const [i, path] of layers.entries()) {
    const descriptor = await describeLayer(tar, path, parseDigest(String(diffIds[i])), options);
    descriptors.push(descriptor);
    places.set(descriptor.digest, { path });
  }
  const mediaType = MEDIA_TYPES.docker.manifest;
  const raw = serializeJson({ schemaVersion: 2, mediaType, config, layers: descriptors });
  return { descriptor: { mediaType, ...describe(raw) }, raw, places };
}

async function describeLayer(
  tar: TarFiles,
  path: string,
  diffId: Digest,
  { signal }: Cancellable,
): Promise<Descriptor> {
  const size = await tar.size(path);
  if (size === undefined) throw incomplete(tar.name, path);
  const { compression, stream } = await detectCompression(tar.stream(path, { signal }));
  if (compression === "none") {
    await discard(stream);
    return { mediaType: MEDIA_TYPES.docker.layer, digest: diffId, size };
  }
  const mediaType = mediaTypeFor(compression, tar.name, path);
  const named = /^blobs\/([^/]+)\/([^/]+)$/.exec(path);
  const promised = `${named?.[1]}:${named?.[2]}`;
  if (named !== null && isDigest(promised)) {
    await discard(stream);
    return { mediaType, digest: promised, size }; // checked when it is read, as every blob
  }
  const counted = tally(stream);
  for await (const _ of counted.stream);
  return { mediaType, digest: digestOf("sha256", counted.hex()), size };
}

function mediaTypeFor(compression: Compression, name: string, path: string): string {
  if (compression === "gzip") return layerMediaType("docker", "gzip");
  if (compression === "zstd") return MEDIA_TYPES.docker.layerZstd;
  throw new TransportError(
    "ARCHIVE_INVALID",
    `${name}: the layer ${path} is compressed with ${compression}`,
    {
      fields: { path: name, layer: path, compression },
      advice: "No manifest can say that: load the archive into Docker and save it again.",
    },
  );
}

function describe(bytes: Uint8Array): { readonly digest: Digest; readonly size: number } {
  return { digest: digestBytes(bytes), size: bytes.byteLength };
}

function incomplete(name: string, path: string): TransportError {
  return new TransportError("ARCHIVE_INVALID", `${name}: ${path} is missing`, {
    fields: { path: name, file: path },
    advice: "The archive is not whole: save the image again.",
  });
}
