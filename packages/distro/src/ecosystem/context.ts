import type { Cancellable } from "@cooper/archive";
import type { Cache } from "../cache/cache.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import type { DistroEvent } from "./event.ts";
import type { Solution } from "./solution.ts";

/** What an ecosystem works with besides its request. */
export interface Context extends Cancellable {
  readonly cache: Cache;
  readonly fetcher: Fetcher;
  /** `offline`: the fetcher fetches nothing, and no program that is asked may either. Default `online`. */
  readonly network?: "online" | "offline" | undefined;
  /** Where configuration is looked for: `process.env` unless a test says otherwise. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The host's files that configuration is read from stand under this; default `/`. */
  readonly hostRoot: string;
  /** Instead of the host's: addresses of repositories, as the ecosystem writes them. May be `file:` or a path. */
  readonly repositories?: readonly string[] | undefined;
  /** Instead of the host's: files with trusted keys, or directories of them. */
  readonly keyrings?: readonly string[] | undefined;
  /** Signatures that are missing or wrong are let pass, with a warning. Never the default. */
  readonly signatures: "required" | "unchecked";
  /**
   * Versions by package name that are chosen where the repositories still have them and nothing
   * forbids it: what a lock had before it was brought up to date in part.
   */
  readonly keep?: ReadonlyMap<string, string> | undefined;
  /** The solutions that `keep` is of, for an ecosystem that may have one package in several versions. */
  readonly before?: readonly Solution[] | undefined;
  /** Seconds since 1970, to judge what has expired. */
  readonly now: number;
  readonly onEvent: (event: DistroEvent) => void;
}
