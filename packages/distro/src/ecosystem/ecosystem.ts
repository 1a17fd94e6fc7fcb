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
   * What the image is made of. Packages are fetched into the cache and checked before this returns, or
   * when they are first read. Takes a solution as it was just solved or as a lock file has it, and asks
   * no index. `PACKAGE_…`
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
  /**
   * In the order of installation. Their layers may lie upon each other in any order: where two packages
   * say different things of one path (a file that one replaces, a directory's mode), `top` has the
   * member that counts, so that a package's own layer is the same in every image.
   */
  readonly packages: readonly PackageContent[];
  /**
   * The rest. What is learned of packages while their members are read is known by then: asked before
   * that, they are read for it. The codes of `assemble`
   */
  whole(options: Cancellable): Promise<Whole>;
}

/** What an image is besides its packages' own layers. */
export interface Whole {
  /**
   * What belongs to the whole: databases, caches, links, whatever packages disagree about. The topmost
   * layer; parents first. May have whiteouts (`.wh.NAME`, OCI image-spec, layer.md).
   */
  top(options: Cancellable): AsyncIterable<TarInput>;
  /** Of the image's config: environment, entrypoint, command, user. */
  readonly run: RunConfig;
  /** Seconds since 1970 for the image: the newest package's, never the clock's. */
  readonly created: number;
}

/** One package's part of an image: the same members whatever else is in the image. */
export interface PackageContent {
  readonly package: SolvedPackage;
  /**
   * All that the members depend on: the package's digest, the version of the code that makes them, its
   * place in the tree where that differs. Layers are kept in the cache by it.
   */
  readonly key: string;
  /** Fetches what the members are read from, where that was not done yet, so that nobody waits for it then. */
  fetch?(options: Cancellable): Promise<unknown>;
  /** Fresh each time, always the same, parents first as far as the package has them. */
  members(options: MemberOptions): AsyncIterable<TarInput>;
}

export interface MemberOptions extends Cancellable {
  /** `reused`: bytes of a member need stay good only until the next one is asked for. Default `kept`. */
  readonly memory?: "kept" | "reused" | undefined;
}
