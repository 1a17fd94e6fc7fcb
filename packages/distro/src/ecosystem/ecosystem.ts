import type { Cancellable, TarInput } from "@cooper/archive";
import type { Platform, RunConfig } from "@cooper/oci";
import type { Context } from "./context.ts";
import type { Solution, SolvedPackage } from "./solution.ts";

/**
 * A family of packages: repository → signed index → solve → lock → fetch and check → package layers
 * and one top layer → image. Each of apt, apk, nix and npm is a value of this interface in a folder
 * of its own; locks, layers, caches and images are made of what it gives, and know none of them.
 */
export interface Ecosystem {
  readonly name: EcosystemName;
  /** What follows the scheme: `curl=8.1/jq:bookworm`. `REQUEST_INVALID` */
  parse(rest: string): PackageRequest;
  /** Reads indexes, checks their signatures and solves. Fetches no package. `UNSOLVABLE`, `INDEX_…`, … */
  solve(request: PackageRequest, platform: Platform, context: Context): Promise<Solution>;
  /**
   * What the image is made of. Packages are fetched into the cache and checked before this returns;
   * their members are read again from there as layers are made. Takes a solution as it was just
   * solved or as a lock file has it, and asks no index. `PACKAGE_…`
   */
  assemble(solution: Solution, context: Context): Promise<Assembly>;
}

export type EcosystemName = "apt" | "apk" | "nix" | "npm";

/** Which packages, of which release. */
export interface PackageRequest {
  /** As they were asked for, with their versions: `curl=7.88.1-10+deb12u8`. */
  readonly packages: readonly string[];
  /** Suite, release, channel or tag; undefined where the reference names none. */
  readonly release?: string | undefined;
}

/** The parts of an image before they are laid out in layers. */
export interface Assembly {
  /** In the order of installation: where two have one path, the later one wins. */
  readonly packages: readonly PackageContent[];
  /** What belongs to the whole: databases, caches, links. The topmost layer; parents first. */
  top(options: Cancellable): AsyncIterable<TarInput>;
  /** Of the image's config: environment, entrypoint, command, user. */
  readonly run: RunConfig;
  /** Seconds since 1970 for the image: the newest package's, never the clock's. */
  readonly created: number;
}

/** One package's part of an image: the same members whatever else is in the image. */
export interface PackageContent {
  readonly package: SolvedPackage;
  /** What the members depend on besides the package's digest: the version of the code that makes them. */
  readonly version: number;
  /** Fresh each time, always the same, parents first as far as the package has them. */
  members(options: Cancellable): AsyncIterable<TarInput>;
}
