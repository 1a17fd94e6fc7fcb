import type { Descriptor, Digest, MediaType } from "@cooper/oci";
import { RegistryError } from "./errors.ts";

/** What a registry must know of a manifest; all else in it is the client's. */
export interface ManifestFacts {
  readonly mediaType: MediaType;
  readonly subject: Digest | undefined;
  readonly artifactType: MediaType | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  /** Blobs it is made of, without those that are kept elsewhere (`urls`, non-distributable layers). */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Manifests it lists. */
  readonly manifests: readonly Digest[];
}

const OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const IMAGES: readonly MediaType[] = [OCI_IMAGE, "application/vnd.docker.distribution.manifest.v2+json"];
const INDEXES: readonly MediaType[] = [
  OCI_INDEX,
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

// RFC 6838, 4.2; a media type becomes a header and a line of a file, so that nothing else may pass.
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

/**
 * Reads what the registry must know out of a manifest's bytes. Images and indexes, OCI's and
 * Docker's, must have the shape of their type; anything else is stored as it is, and looked into
 * only as far as it is JSON. `contentType` is the header's, with or without parameters; where there
 * is none, the manifest's own word counts. `MANIFEST_INVALID`
 */
export function inspectManifest(bytes: Uint8Array, contentType: string | undefined): ManifestFacts {
  const document = parse(bytes);
  const declared = contentType?.split(";", 1)[0]?.trim() || undefined;
  const own = typeof document?.["mediaType"] === "string" ? document["mediaType"] : undefined;
  const mediaType = declared ?? own ?? (Array.isArray(document?.["manifests"]) ? OCI_INDEX : OCI_IMAGE);
  if (!MEDIA_TYPE.test(mediaType)) throw invalid(`${JSON.stringify(mediaType)} is not a media type`);

  const isImage = IMAGES.includes(mediaType);
  const isIndex = INDEXES.includes(mediaType);
  if (!isImage && !isIndex) return describe(mediaType, document ?? {}, { blobs: [], manifests: [] });

  if (document === undefined) throw invalid(`a manifest of type ${mediaType} must be a JSON object`);
  if (own !== undefined && own !== mediaType) {
    throw invalid(`it is sent as ${mediaType} and says in its mediaType that it is ${own}`);
  }
  if (document["schemaVersion"] !== 2) throw invalid("its schemaVersion is not 2");
  // A document that is both an image and an index has two meanings under one digest (CVE-2021-41190).
  if (isImage && "manifests" in document)
    throw invalid("it is sent as an image and has `manifests` as an index");
  if (isIndex && ("layers" in document || "config" in document)) {
    throw invalid("it is sent as an index and has `config` or `layers` as an image");
  }
  return isImage
    ? describe(mediaType, document, { blobs: imageBlobs(document), manifests: [] })
    : describe(mediaType, document, {
        blobs: [],
        manifests: descriptors(document, "manifests").map((child) => child.digest),
      });
}

/** How a manifest stands in the list of its subject's referrers (distribution-spec, "Listing Referrers"). */
export function referrerDescriptor(bytes: Uint8Array, mediaType: MediaType, digest: Digest): Descriptor {
  const { artifactType, annotations } = inspectManifest(bytes, mediaType);
  return {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function describe(
  mediaType: MediaType,
  document: Readonly<Record<string, unknown>>,
  references: Pick<ManifestFacts, "blobs" | "manifests">,
): ManifestFacts {
  const { subject, config } = document;
  const artifactType =
    nonEmptyString(document["artifactType"]) ??
    (isRecord(config) ? nonEmptyString(config["mediaType"]) : undefined);
  return {
    mediaType,
    subject:
      subject === undefined || subject === null ? undefined : readDescriptor(subject, "subject").digest,
    artifactType,
    annotations: isRecord(document["annotations"]) ? stringsOf(document["annotations"]) : undefined,
    ...references,
  };
}

function imageBlobs(document: Readonly<Record<string, unknown>>): readonly Named[] {
  const config = readDescriptor(document["config"], "config");
  return [config, ...descriptors(document, "layers").filter((layer) => !layer.elsewhere)];
}

interface Named {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly elsewhere: boolean;
}

function descriptors(document: Readonly<Record<string, unknown>>, key: string): readonly Named[] {
  const list = document[key];
  // Go writes an empty list as null.
  if (list === null || (list === undefined && key === "layers")) return [];
  if (!Array.isArray(list)) throw invalid(`its \`${key}\` is not a list`);
  return list.map((item, index) => readDescriptor(item, `${key}[${index}]`));
}

function readDescriptor(value: unknown, where: string): Named {
  if (!isRecord(value)) throw invalid(`its \`${where}\` is not a descriptor`);
  const { digest, size, mediaType, urls } = value;
  if (!isDigestText(digest)) throw invalid(`\`${where}.digest\` is not a digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`\`${where}.size\` is not a number of bytes`);
  }
  const foreign = typeof mediaType === "string" && /nondistributable|\.foreign\./.test(mediaType);
  return { digest, size, elsewhere: foreign || (Array.isArray(urls) && urls.length > 0) };
}

/** Of any algorithm: what a manifest names need not be here. */
function isDigestText(value: unknown): value is Digest {
  return typeof value === "string" && DIGEST.test(value);
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nonEmptyString(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function stringsOf(record: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function invalid(reason: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", `the manifest is refused: ${reason}`);
}
