import type { Digest } from "./digest.ts";

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

/** What some bytes are, which and how many (image-spec, descriptor.md). Unknown keys are kept. */
export interface Descriptor {
  readonly mediaType: MediaType;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Base64 of the bytes themselves. */
  readonly data?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly artifactType?: MediaType | undefined;
}
