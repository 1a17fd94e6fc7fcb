import type { Authorize } from "./auth/authorize.ts";
import type { Demand } from "./demand/demand.ts";
import type { RateOptions } from "./limits/rate.ts";
import type { Route } from "./route.ts";
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
  /** "read-only": nothing can be pushed or deleted. Default "read-write". */
  readonly mode?: "read-write" | "read-only" | undefined;
  /** How many requests one client may make; more are answered with 429. Default: no limit. */
  readonly rate?: RateOptions | undefined;
  /** Addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default: none. */
  readonly proxies?: readonly string[] | undefined;
  /** Makes what is asked for and is not there. Default: nothing is made. Close it after the registry. */
  readonly demand?: Demand | undefined;
  /** How clients reach the registry, for the page: `https://registry.example.org`. Default: as each of them says. */
  readonly publicUrl?: string | undefined;
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
  /** The client's own `X-Request-Id`, where it is a decent one, else one that nothing else has. */
  readonly requestId: string;
  /** The address of the client. */
  readonly client: string;
  /** Who it is, where that was asked and proved. */
  readonly username: string | undefined;
  /** What of the API was asked for; undefined for what it has not got. */
  readonly kind: Route["kind"] | undefined;
  readonly status: number;
  /** Bytes that came in and went out, with heads and framing. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly milliseconds: number;
  /** Why it was refused, or what failed. */
  readonly fault: unknown;
}
