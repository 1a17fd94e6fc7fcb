import { z } from "zod";
import { digestBytes, checkableAlgorithm, isDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { OciError } from "./errors.ts";
import { checkShape, isRecord, withoutNulls } from "./schema.ts";

/** What kind of bytes: `type/subtype`, as registries hand it on. */
export type MediaType = string;

/** A platform (image-spec, image-index.md; config.md). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
}

export type Annotations = Readonly<Record<string, string>>;

/** What some bytes are, which and how many (image-spec, descriptor.md). Unknown keys are kept. */
export interface Descriptor {
  readonly mediaType: MediaType;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Annotations | undefined;
  /** Base64 of the bytes themselves. */
  readonly data?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly artifactType?: MediaType | undefined;
}

/** A descriptor from parsed JSON, for instance of a registry's answer. `what` is for the message. `INVALID_MANIFEST` */
export function parseDescriptor(value: unknown, what: string = "descriptor"): Descriptor {
  return checkShape(descriptorSchema, normalizeDescriptor(value), what);
}

/** The descriptor of bytes in memory. */
export function describeBytes(mediaType: MediaType, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestBytes(bytes), size: bytes.byteLength };
}

/** The empty JSON object, where a manifest must name something but has nothing to say (image-spec, manifest.md). */
export const EMPTY_BYTES: Uint8Array = Buffer.from("{}");
export const EMPTY_DESCRIPTOR: Descriptor = {
  ...describeBytes("application/vnd.oci.empty.v1+json", EMPTY_BYTES),
  data: "e30=",
};

/**
 * The bytes that a descriptor carries in its `data`, checked; undefined if it carries none
 * (image-spec, descriptor.md: consumers that use the field must verify it).
 * `SIZE_MISMATCH`, `DIGEST_MISMATCH`, `UNSUPPORTED_ALGORITHM`
 */
export function inlineBytes(descriptor: Descriptor): Uint8Array | undefined {
  if (descriptor.data === undefined) return undefined;
  const bytes = Buffer.from(descriptor.data, "base64");
  checkBytes(bytes, descriptor, "the descriptor's data");
  return bytes;
}

/** Checks that bytes in memory are those that a descriptor names. Errors as for `inlineBytes`. */
export function checkBytes(bytes: Uint8Array, descriptor: Descriptor, what: string): void {
  const { digest, size } = descriptor;
  if (bytes.byteLength !== size) {
    throw new OciError(
      "SIZE_MISMATCH",
      `${what}: expected ${size} bytes of ${digest}, got ${bytes.byteLength}`,
      {
        fields: { digest, expected: size, actual: bytes.byteLength },
      },
    );
  }
  const actual = digestBytes(bytes, checkableAlgorithm(digest));
  if (actual !== digest) {
    throw new OciError("DIGEST_MISMATCH", `${what}: expected ${digest}, but the bytes have ${actual}`, {
      fields: { expected: digest, actual },
      advice: "The content was damaged or replaced: fetch it again, or ask whoever keeps it.",
    });
  }
}

// RFC 6838, 4.2: type and subtype of at most 127 characters each.
const NAME = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}";
const MEDIA_TYPE = new RegExp(`^${NAME}/${NAME}$`);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const mediaTypeSchema: z.ZodType<MediaType, MediaType> = z
  .string()
  .regex(MEDIA_TYPE, { error: "is not a media type such as application/json" });

const digestSchema: z.ZodType<Digest, Digest> = z.custom<Digest>(
  (value) => typeof value === "string" && isDigest(value),
  { error: "is not a digest such as sha256: and 64 lower-case hexadecimal digits" },
);

export const annotationsSchema: z.ZodType<Annotations, Annotations> = z.record(z.string(), z.string());

export const platformShape: {
  readonly os: z.ZodString;
  readonly architecture: z.ZodString;
  readonly variant: z.ZodOptional<z.ZodString>;
  readonly "os.version": z.ZodOptional<z.ZodString>;
  readonly "os.features": z.ZodOptional<z.ZodReadonly<z.ZodArray<z.ZodString>>>;
} = {
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
  "os.version": z.string().optional(),
  "os.features": z.array(z.string()).readonly().optional(),
};

const descriptorShape = {
  mediaType: mediaTypeSchema,
  digest: digestSchema,
  // Beyond 2^53 a number is no longer the number that was written.
  size: z.int({ error: "is not a whole number of bytes that can be counted exactly" }).nonnegative(),
  urls: z.array(z.string()).readonly().optional(),
  annotations: annotationsSchema.optional(),
  data: z
    .string()
    .refine((text) => BASE64.test(text), { error: "is not base64" })
    .optional(),
  platform: z.looseObject(platformShape).optional(),
  artifactType: mediaTypeSchema.optional(),
};

export const descriptorSchema: z.ZodType<Descriptor, Descriptor> = z.looseObject(descriptorShape);

/** Without the nulls and the empty artifactType that Go programs write. */
export function normalizeDescriptor(value: unknown): unknown {
  const descriptor = withoutNulls(value, descriptorShape);
  if (!isRecord(descriptor)) return descriptor;
  const { artifactType, platform, ...rest } = descriptor;
  return {
    ...rest,
    ...(artifactType === undefined || artifactType === "" ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform: withoutNulls(platform, platformShape) }),
  };
}
