import { z } from "zod";
import { annotationsSchema, descriptorSchema, mediaTypeSchema, normalizeDescriptor } from "./descriptor.ts";
import type { Annotations, Descriptor, MediaType } from "./descriptor.ts";
import { OciError } from "./errors.ts";
import { parseJson } from "./json.ts";
import { isConfigType, isIndexType, isManifestType, isSchema1Type, MEDIA_TYPES } from "./media-types.ts";
import { checkShape, isRecord, withoutNulls } from "./schema.ts";

/** Bytes that a manifest or index may have, unless the reader allows more (distribution-spec: 4 MiB must work). */
export const MAX_MANIFEST_BYTES: number = 4 * 2 ** 20;

/** One image or artifact (image-spec, manifest.md; Docker's manifest-v2-2). Unknown keys are kept. */
export interface ImageManifest {
  readonly schemaVersion: 2;
  /** Docker always writes it, OCI may leave it out. */
  readonly mediaType?: MediaType | undefined;
  /** What an artifact is, if its config does not say it. */
  readonly artifactType?: MediaType | undefined;
  readonly config: Descriptor;
  /** The base first. */
  readonly layers: readonly Descriptor[];
  /** What this manifest is about: the manifest that it refers to. */
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Annotations | undefined;
}

/** Several manifests under one name (image-spec, image-index.md; Docker's manifest list). Unknown keys are kept. */
export interface IndexManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: MediaType | undefined;
  readonly artifactType?: MediaType | undefined;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Annotations | undefined;
}

/** A manifest from its exact bytes. `INVALID_JSON`, `INVALID_MANIFEST`, `MANIFEST_TOO_LARGE`, `SCHEMA1_UNSUPPORTED` */
export function parseManifest(raw: Uint8Array): ImageManifest {
  const value = parseAny(raw, "manifest");
  return checkShape(manifestSchema, normalizeManifest(value), "manifest");
}

/** An index or manifest list from its exact bytes. Errors as for `parseManifest`. */
export function parseIndex(raw: Uint8Array): IndexManifest {
  const value = parseAny(raw, "index");
  return checkShape(indexSchema, normalizeIndex(value), "index");
}

/**
 * The media type of a manifest or index from its bytes alone, where nobody else tells it: its
 * `mediaType`, or what its keys say. Errors as for `parseManifest`.
 */
export function sniffMediaType(raw: Uint8Array): MediaType {
  const value = parseAny(raw, "manifest");
  const { mediaType } = value;
  if (typeof mediaType === "string" && (isManifestType(mediaType) || isIndexType(mediaType)))
    return mediaType;
  return "manifests" in value ? MEDIA_TYPES.oci.index : MEDIA_TYPES.oci.manifest;
}

/** Whether this is not an image that can be run but something else that a registry keeps. */
export function isArtifact(manifest: ImageManifest): boolean {
  return !isConfigType(manifest.config.mediaType);
}

/** What an artifact is (image-spec, manifest.md, artifactType): the field, or else the config's media type. */
export function artifactTypeOf(manifest: ImageManifest): MediaType | undefined {
  return manifest.artifactType ?? (isArtifact(manifest) ? manifest.config.mediaType : undefined);
}

const common = {
  schemaVersion: z.literal(2),
  mediaType: mediaTypeSchema.optional(),
  artifactType: mediaTypeSchema.optional(),
  subject: descriptorSchema.optional(),
  annotations: annotationsSchema.optional(),
};

/*
 * A document that is both a manifest and an index would be read as one by some and as the other by
 * others, under the same digest (GHSA-qq97-vm5h-rrhg, GHSA-mc8v-mgrf-8f4m): it is refused.
 */
const absent = (reason: string): z.ZodOptional<z.ZodNever> => z.never({ error: reason }).optional();

const manifestShape = {
  ...common,
  config: descriptorSchema,
  layers: z.array(descriptorSchema).readonly(),
  manifests: absent("a manifest cannot also be an index"),
  fsLayers: absent("a schema 2 manifest cannot also be a schema 1 manifest"),
};
const manifestSchema: z.ZodType<ImageManifest, ImageManifest> = z.looseObject(manifestShape);

const indexShape = {
  ...common,
  manifests: z.array(descriptorSchema).readonly(),
  config: absent("an index cannot also be a manifest"),
  layers: absent("an index cannot also be a manifest"),
  fsLayers: absent("an index cannot also be a schema 1 manifest"),
};
const indexSchema: z.ZodType<IndexManifest, IndexManifest> = z.looseObject(indexShape);

function normalizeManifest(value: Readonly<Record<string, unknown>>): unknown {
  const manifest = withoutNulls(value, manifestShape);
  if (!isRecord(manifest)) return manifest;
  const { config, layers = [], ...rest } = manifest;
  return {
    ...normalizeSubject(rest),
    ...(config === undefined ? {} : { config: normalizeDescriptor(config) }),
    layers: normalizeList(layers),
  };
}

function normalizeIndex(value: Readonly<Record<string, unknown>>): unknown {
  const index = withoutNulls(value, indexShape);
  if (!isRecord(index)) return index;
  // Docker 25 wrote null for an archive with nothing but untagged images.
  const { manifests = [], ...rest } = index;
  return { ...normalizeSubject(rest), manifests: normalizeList(manifests) };
}

function normalizeSubject(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { subject, ...rest } = document;
  return subject === undefined ? rest : { ...rest, subject: normalizeDescriptor(subject) };
}

function normalizeList(list: unknown): unknown {
  return Array.isArray(list) ? list.map(normalizeDescriptor) : list;
}

function parseAny(raw: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  if (raw.byteLength > MAX_MANIFEST_BYTES) throw tooLarge(what, raw.byteLength, MAX_MANIFEST_BYTES);
  const value = parseJson(raw, what);
  if (!isRecord(value)) {
    throw new OciError("INVALID_MANIFEST", `${what} is not a JSON object`, { fields: { path: "" } });
  }
  const { schemaVersion, mediaType } = value;
  if (schemaVersion === 1 || (typeof mediaType === "string" && isSchema1Type(mediaType))) throw schema1();
  return value;
}

export function tooLarge(what: string, size: number, limit: number): OciError {
  return new OciError("MANIFEST_TOO_LARGE", `${what} has ${size} bytes; ${limit} are allowed`, {
    fields: { size, limit },
  });
}

export function schema1(): OciError {
  return new OciError("SCHEMA1_UNSUPPORTED", "this image is in Docker's schema 1, which is not supported", {
    advice:
      "Pull and push it again with a Docker of version 17 to 26 or with skopeo copy --format oci, which convert it.",
  });
}
