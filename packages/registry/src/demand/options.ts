import { availableParallelism, totalmem } from "node:os";
import type { PackageMaking } from "@cooper/build";
import type { Platform } from "@cooper/oci";
import type { RegistryOptions as UpstreamOptions } from "@cooper/transport";
import type { Storage } from "../storage/storage.ts";
import type { BuildStatus } from "./builds.ts";
import type { Upstream } from "./upstreams.ts";

export interface DemandOptions {
  readonly storage: Storage;
  /** Which of the makers there are; default: all of them. */
  readonly makers?: readonly string[] | undefined;
  /**
   * For which platforms images are made, as one index; what is not there for one is left out, but
   * not for the first. Default linux/amd64 and linux/arm64.
   */
  readonly platforms?: readonly Platform[] | undefined;
  /** Where visitors may have images taken from; the first that fits counts. Default: every public address. */
  readonly upstreams?: readonly Upstream[] | undefined;
  /** How upstreams are spoken to: time limits, retries. */
  readonly upstreamOptions?: UpstreamOptions | undefined;
  /** How packages are found; default: as this host's own configuration says. */
  readonly packages?: Omit<PackageMaking, "onEvent" | "platforms"> | undefined;
  /** What names mean that have no maker in front. Default: only what was pushed. */
  readonly root?: RootNames | undefined;
  /** Whether blobs that another repository has may be shared without asking who may see it. Default "never". */
  readonly sharing?: "anywhere" | "never" | undefined;
  /** Is told of each build when it has ended. */
  readonly observe?: ((build: BuildStatus) => void) | undefined;
  readonly times?: Partial<DemandTimes> | undefined;
  readonly limits?: Partial<DemandLimits> | undefined;
}

/** "nix": Nixery's names. `mirror`: an upstream's, for Docker's `registry-mirrors`. */
export type RootNames = { readonly maker: "nix" } | { readonly mirror: string };

/** Seconds. */
export interface DemandTimes {
  /** After this a name is looked up again: whether `apt/curl` still means the same. Default 3600. */
  readonly refresh: number;
  /** After this a mirrored tag is looked up again. Default 60. */
  readonly revalidate: number;
  /** So long a failure is told again without another try; one that passes, a twelfth of it. Default 60. */
  readonly failure: number;
  /** So long a build goes on that nobody waits for any more. Default 60. */
  readonly linger: number;
  /** So long a client is held before it is told to ask again. Default 1800. */
  readonly wait: number;
}

export interface DemandLimits {
  /** Images being made at once. Default: as many as there are processors. */
  readonly builds: number;
  /** Builds that wait for their turn; more are refused with 429. Default 100. */
  readonly waiting: number;
  /** Builds of one visitor, going on or waiting. Default 8. */
  readonly perVisitor: number;
  /** Seconds that a build may take. Default 1800. */
  readonly seconds: number;
  /** No build is begun beside another while the process has more in memory. Bytes; default half of the machine's. */
  readonly memoryBytes: number;
  /** Bytes of blobs of one image. Default 16 GiB. */
  readonly imageBytes: number;
  /** Manifests and blobs being fetched from upstreams at once, for mirrors. Default 64. */
  readonly downloads: number;
  /** Of one visitor. Default 32. */
  readonly downloadsPerVisitor: number;
}

export const DEFAULT_PLATFORMS: readonly Platform[] = [
  { os: "linux", architecture: "amd64" },
  { os: "linux", architecture: "arm64" },
];

export const DEFAULT_DEMAND_TIMES: DemandTimes = {
  refresh: 3600,
  revalidate: 60,
  failure: 60,
  linger: 60,
  wait: 1800,
};

export const DEFAULT_DEMAND_LIMITS: DemandLimits = {
  builds: availableParallelism(),
  waiting: 100,
  perVisitor: 8,
  seconds: 1800,
  memoryBytes: totalmem() / 2,
  imageBytes: 16 * 2 ** 30,
  downloads: 64,
  downloadsPerVisitor: 32,
};
