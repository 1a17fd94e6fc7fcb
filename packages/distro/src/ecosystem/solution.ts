import type { Platform } from "@cooper/oci";
import type { EcosystemName, PackageRequest } from "./ecosystem.ts";

/**
 * What a request came to on one platform, every input by version and digest: all that is needed to
 * make the image again. A lock file is this, written down; so everything in it is JSON, and no
 * mirror's host is in it.
 */
export interface Solution {
  readonly ecosystem: EcosystemName;
  readonly platform: Platform;
  readonly request: PackageRequest;
  readonly repositories: readonly LockedRepository[];
  /** In the order of installation. */
  readonly packages: readonly SolvedPackage[];
  /**
   * What it stands on, solved by another ecosystem for the same platform: the C library under npm's
   * Node. Whoever solved this one assembles that one too, and gives its packages before its own; a
   * lock file has it inside, and a list of all packages begins with those of the base.
   */
  readonly base?: Solution | undefined;
}

/** A repository as it was when it was read. */
export interface LockedRepository {
  /**
   * What names it on any machine, below the mirror: `debian/dists/bookworm/main`, `alpine/v3.16/main`.
   * The host's configuration or an option says at which address it is reached.
   */
  readonly path: string;
  /** Of the signed index: `sha256:…`. Empty where the ecosystem has no index. */
  readonly index: string;
  /** The key or keys whose signature was checked: fingerprint or file name. */
  readonly signedBy: readonly string[];
  /** Public keys by those names, where the image has them in it; PEM. */
  readonly keys?: Readonly<Record<string, string>> | undefined;
  /** Seconds since 1970 of the index; to refuse an older one later. */
  readonly date?: number | undefined;
}

/** A package that is to be installed. */
export interface SolvedPackage {
  readonly name: string;
  readonly version: string;
  /** The ecosystem's word: `amd64`, `x86_64`, `all`, `noarch`. */
  readonly architecture: string;
  /** The source package; its own name where there is none. */
  readonly origin: string;
  /** Of the source package; the package's own where nothing else is said. */
  readonly originVersion: string;
  /** Bytes of its file; 0 where the index does not tell. */
  readonly size: number;
  /** Bytes it takes when installed; 0 where the index does not tell. */
  readonly installedSize: number;
  /** Why it is there, in words: `asked for`, `needed by curl (so:libcurl.so.4)`. */
  readonly reason: string;
  /** How many packages of the set need it themselves: widely needed ones get layers of their own first. */
  readonly dependents?: number | undefined;
  /** Where in `repositories`. */
  readonly repository: number;
  /** Of its file, below the repository's root: `pool/main/c/curl/curl_7.88.1_amd64.deb`. */
  readonly path: string;
  /** What is checked when it is fetched: `sha256:…`, `sha512:…`, or apk's `Q1…`. */
  readonly checksum: string;
  /** An SPDX expression or the ecosystem's own words; empty where it does not say. */
  readonly license: string;
  readonly description: string;
  readonly homepage: string;
  /** What else the ecosystem needs to install it without its index; JSON. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}
