import type { Authorize } from "./auth/authorize.ts";
import type { TokenService } from "./auth/tokens.ts";
import type { Storage } from "./storage/storage.ts";

export interface RegistryOptions {
  readonly storage: Storage;
  /** Who may do what; without it everyone may do everything. */
  readonly authorize?: Authorize | undefined;
  /** Gives out tokens at `/token` and asks for them, in place of `authorize`. */
  readonly tokens?: TokenService | undefined;
  /**
   * Whether a blob may be mounted without saying from where. Whoever knows a digest then gets the
   * blob from any repository, so that it is refused by default where visitors are asked who they are.
   */
  readonly anonymousMount?: "allow" | "refuse" | undefined;
  /**
   * "any": a manifest may name blobs and manifests that are not there (sparse images and indexes).
   * "stored": they must be in the repository, or the answer is MANIFEST_BLOB_UNKNOWN. Default "any",
   * as the conformance program wants.
   */
  readonly references?: "any" | "stored" | undefined;
  readonly limits?: Partial<RegistryLimits> | undefined;
  /** Announced as `OCI-Chunk-Min-Length`: bytes. Smaller chunks are still taken. */
  readonly chunkMinBytes?: number | undefined;
  /** Texts for `Warning` headers of the answer to a request. */
  readonly warnings?: ((asked: Asked) => readonly string[]) | undefined;
  /** Is told of each request when its answer has been sent or has failed. */
  readonly observe?: ((event: RegistryEvent) => void) | undefined;
}

export interface RegistryLimits {
  /** Bytes of a manifest; more is answered with 413. Default 4 MiB. */
  readonly manifestBytes: number;
  /** Bytes of a blob. Default: no limit. */
  readonly blobBytes: number;
  /** Uploads that are being received at once, over all clients; more are answered with 429. Default 1000. */
  readonly uploadsInFlight: number;
  /** Names that one page of tags, and of repositories, has at most. Default 10000. */
  readonly pageLength: number;
}

export const DEFAULT_REGISTRY_LIMITS: RegistryLimits = {
  manifestBytes: 4 * 1024 * 1024,
  blobBytes: Number.MAX_SAFE_INTEGER,
  uploadsInFlight: 1000,
  pageLength: 10_000,
};

/** What a request asks for. */
export interface Asked {
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  readonly repository: string | undefined;
}

export interface RegistryEvent extends Asked {
  readonly status: number;
  readonly milliseconds: number;
  /** Why it was refused, or what failed. */
  readonly fault: unknown;
}
