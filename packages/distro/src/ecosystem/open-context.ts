import type { Cancellable } from "@cooper/archive";
import { cacheDirectory } from "../cache/cache-directory.ts";
import { type CacheOptions, openCache } from "../cache/open-cache.ts";
import { createFetcher } from "../fetch/create-fetcher.ts";
import type { Context } from "./context.ts";
import type { DistroEvent } from "./event.ts";
import type { Solution } from "./solution.ts";

export interface ContextOptions extends Cancellable {
  /** Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Under which the host's configuration is read; default `/`. */
  readonly hostRoot?: string | undefined;
  readonly repositories?: readonly string[] | undefined;
  readonly keyrings?: readonly string[] | undefined;
  readonly signatures?: "required" | "unchecked" | undefined;
  readonly keep?: ReadonlyMap<string, string> | undefined;
  readonly before?: readonly Solution[] | undefined;
  readonly network?: "online" | "offline" | undefined;
  readonly cache?: CacheOptions | undefined;
  readonly onEvent?: ((event: DistroEvent) => void) | undefined;
}

/** A context of its own cache and connections. Close it when the image that was made of it is written. */
export interface OpenContext extends Context {
  close(): Promise<void>;
}

export async function openContext(options: ContextOptions = {}): Promise<OpenContext> {
  const { environment = process.env, onEvent = () => {} } = options;
  const directory = options.cache?.directory ?? cacheDirectory(environment);
  const cache = await openCache({ ...options.cache, directory });
  const fetcher = createFetcher({ cache, environment, onEvent, network: options.network });
  return {
    cache,
    fetcher,
    network: options.network,
    environment,
    onEvent,
    hostRoot: options.hostRoot ?? "/",
    repositories: options.repositories,
    keyrings: options.keyrings,
    keep: options.keep,
    before: options.before,
    signatures: options.signatures ?? "required",
    now: Math.floor(Date.now() / 1000),
    signal: options.signal,
    close: async () => {
      await fetcher.close();
      await cache.close();
    },
  };
}
