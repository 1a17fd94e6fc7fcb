import { isIndexType, isManifestType, MEDIA_TYPES } from "@cooper/oci";
import type { Descriptor, Digest, MediaType } from "@cooper/oci";
import { isDescriptor, isRecord } from "./index-file.ts";

/** What a layout has to know of a manifest or index to find its way, whatever else is in it. */
export interface ManifestFacts {
  readonly mediaType: MediaType;
  readonly subject: Digest | undefined;
  readonly artifactType: MediaType | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  /** Config, layers and manifests; not the subject, which may be missing. */
  readonly names: readonly Descriptor[];
}

/** Undefined for bytes that are no manifest. Lenient: a layout may hold what Cooper cannot use. */
export function readFacts(raw: Uint8Array): ManifestFacts | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(raw).toString());
  } catch {
    return undefined;
  }
  if (!isRecord(json)) return undefined;
  const mediaType = mediaTypeOf(json);
  if (mediaType === undefined) return undefined;
  const config = isDescriptor(json["config"]) ? json["config"] : undefined;
  const annotations = json["annotations"];
  return {
    mediaType,
    subject: isDescriptor(json["subject"]) ? json["subject"].digest : undefined,
    // image-spec, manifest.md: the config's media type stands in for a missing artifactType.
    artifactType: typeof json["artifactType"] === "string" ? json["artifactType"] : config?.mediaType,
    annotations: isTextRecord(annotations) ? annotations : undefined,
    names: [config, ...listOf(json["layers"]), ...listOf(json["manifests"])].filter(isDescriptor),
  };
}

function mediaTypeOf(json: Readonly<Record<string, unknown>>): MediaType | undefined {
  const declared = json["mediaType"];
  if (typeof declared === "string") {
    return isManifestType(declared) || isIndexType(declared) ? declared : undefined;
  }
  // mediaType is only recommended (image-spec, manifest.md): the fields tell the two kinds apart.
  if (json["schemaVersion"] !== 2) return undefined;
  if (Array.isArray(json["manifests"])) return MEDIA_TYPES.oci.index;
  return isRecord(json["config"]) ? MEDIA_TYPES.oci.manifest : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}
