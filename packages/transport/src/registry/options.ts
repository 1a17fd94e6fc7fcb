import type { Credential } from "../credentials/credential.ts";
import type { RetryOptions } from "./http/attempts.ts";
import type { Environment } from "./http/proxy.ts";
import type { RateLimit } from "./http/rate-limit.ts";
import type { RegistryWarning } from "./http/warnings.ts";

/** How a registry is spoken to. Everything has a default; see docs/registries.md. */
export interface RegistryOptions {
  /** Trust any certificate, and fall back to plain HTTP, whatever the host. */
  readonly insecure?: boolean | undefined;
  /** Use this instead of what the auth files and helpers say. */
  readonly credential?: Credential | undefined;
  /** Look here for credentials, and nowhere else. A path. */
  readonly authFile?: string | undefined;
  /** Where HOME, DOCKER_CONFIG, HTTPS_PROXY and the like are read; default `process.env`. */
  readonly environment?: Environment | undefined;
  /** Directories that hold `HOST[:PORT]/*.crt`; default: podman's and Docker's. */
  readonly certificateDirectories?: readonly string[] | undefined;
  /** Downloads, uploads and short requests that run at a time for a host, each; default 6. */
  readonly parallel?: number | undefined;
  readonly retries?: RetryOptions | undefined;
  readonly timeouts?: Timeouts | undefined;
  /**
   * How a blob goes up. `streamed`, the default: one PATCH that streams, then a PUT (a small blob in
   * the PUT itself). `monolithic`: one PUT. An object: several PATCHes of so many bytes, for a proxy
   * that limits a request.
   */
  readonly upload?: "streamed" | "monolithic" | { readonly chunkBytes: number } | undefined;
  /** Bytes; a larger manifest or index is refused. Default 4 MiB, which the distribution-spec asks for. */
  readonly manifestLimit?: number | undefined;
  /** Whether a layer that the registry lacks is read from the descriptor's own `urls`. Default `follow`. */
  readonly foreignUrls?: "follow" | "refuse" | undefined;
  /** `public` refuses every host whose name leads to a private address: for references of strangers. */
  readonly addresses?: "any" | "public" | undefined;
  /** Shown once for each host and text. */
  readonly onWarning?: ((warning: RegistryWarning) => void) | undefined;
  readonly onRateLimit?: ((limit: RateLimit) => void) | undefined;
}

/** Seconds each. */
export interface Timeouts {
  /** Until a connection stands; default 10. */
  readonly connect?: number | undefined;
  /** Until the first byte of an answer to a request that sends little; default 60. */
  readonly answer?: number | undefined;
  /** Until an upload is acknowledged: a registry may have to move it to its final place. Default 300. */
  readonly acknowledge?: number | undefined;
  /** Without a byte in either direction in the middle of a body; default 60. */
  readonly idle?: number | undefined;
}

const DEFAULT_TIMEOUTS: Readonly<Record<keyof Timeouts, number>> = {
  connect: 10,
  answer: 60,
  acknowledge: 300,
  idle: 60,
};

/** Milliseconds, as Node and undici want them. */
export function milliseconds(timeouts: Timeouts | undefined, name: keyof Timeouts): number {
  return (timeouts?.[name] ?? DEFAULT_TIMEOUTS[name]) * 1000;
}
