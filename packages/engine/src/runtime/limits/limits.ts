import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ResourceLimit, Resources } from "../configuration.ts";
import type { RuntimeName } from "../find-runtime.ts";
import { type Cgroup, type LimitName, makeCgroups, planCgroups, removeCgroups } from "./cgroups.ts";

/** What a container may have at most. */
export interface LimitsWanted {
  /** Bytes. */
  readonly memory?: number | undefined;
  readonly cpus?: number | undefined;
  /** Processes at a time. */
  readonly processes?: number | undefined;
}

/** What enforces the limits of a container. */
export interface ContainerLimits {
  /** Of config.json, for a runtime that makes cgroups itself. */
  readonly resources?: Resources | undefined;
  /** Of config.json: what holds for each process where no cgroup can be made. */
  readonly rlimits: readonly ResourceLimit[];
  readonly cgroups: readonly Cgroup[];
  /** Files that the container's first process, or its runtime, writes itself into. */
  readonly entrances: readonly string[];
  /** What was asked for and is enforced by less than a cgroup, or by nothing: a sentence for each. */
  readonly shortcomings: readonly string[];
}

/** Beside the bundle's config.json: which cgroups go with the container. */
const FILE = "cgroups.json";

/**
 * Limits a container: by its runtime as root; by cgroups of Cooper's own where the runtime makes none;
 * by limits of each process where a user may make none.
 */
export function limitContainer(
  bundle: string,
  name: string,
  wanted: LimitsWanted,
  by: { readonly runtime: RuntimeName; readonly privilege: "root" | "user-namespace" },
): ContainerLimits {
  const resources = resourcesOf(wanted);
  if (by.runtime !== "namespaces" && by.privilege === "root") {
    const devices = [{ allow: false, access: "rwm" }];
    return {
      resources: { devices, ...resources },
      rlimits: [],
      cgroups: [],
      entrances: [],
      shortcomings: [],
    };
  }
  const planned = planCgroups(name, resources);
  // Before any is made: whoever is killed in between leaves none behind that nobody knows of.
  writeFileSync(join(bundle, FILE), JSON.stringify(planned.cgroups));
  const made = makeCgroups(planned.cgroups);
  const refused = { ...planned.refused, ...made.refused };
  // An OCI runtime limits itself before it becomes the program, and has no memory left to get there.
  const isForEach = by.runtime === "namespaces";
  const shortcomings = isForEach ? SHORTCOMINGS : { ...SHORTCOMINGS, memory: UNLIMITED_MEMORY };
  return {
    rlimits: [
      // The kernel counts a user's processes in its namespace: getrlimit(2).
      ...limitEach("RLIMIT_NPROC", refused.processes === undefined ? undefined : wanted.processes),
      ...limitEach("RLIMIT_DATA", isForEach && refused.memory !== undefined ? wanted.memory : undefined),
    ],
    cgroups: planned.cgroups,
    entrances: made.entrances,
    shortcomings: LIMITS.flatMap((limit) => {
      const why = refused[limit];
      // A user's processes are counted by the kernel too; root's are not.
      if (why === undefined || (limit === "processes" && by.privilege === "user-namespace")) return [];
      return [`No cgroup can be made here: ${shortcomings[limit]} (${why})`];
    }),
  };
}

const SHORTCOMINGS: Readonly<Record<LimitName, string>> = {
  memory: "the limit of memory holds for each process, and not for all together",
  processes: "there may be any number of processes",
  cpus: "all processors may be used",
};

const UNLIMITED_MEMORY =
  "memory is not limited, where COOPER_RUNTIME=namespaces would limit it for each process";

const LIMITS: readonly LimitName[] = ["memory", "processes", "cpus"];

/** Removes the cgroups that were made for a container; nothing of it runs any more. */
export function liftLimits(bundle: string): void {
  let cgroups: readonly Cgroup[];
  try {
    cgroups = JSON.parse(readFileSync(join(bundle, FILE), "utf8"));
  } catch {
    return; // there were none, or not yet when it was killed
  }
  removeCgroups(cgroups);
}

function limitEach(type: ResourceLimit["type"], most: number | undefined): readonly ResourceLimit[] {
  return most === undefined ? [] : [{ type, hard: most, soft: most }];
}

const CPU_PERIOD_MICROSECONDS = 100_000;

function resourcesOf({ memory, cpus, processes }: LimitsWanted): Resources {
  return {
    ...(processes === undefined ? {} : { pids: { limit: processes } }),
    ...(memory === undefined ? {} : { memory: { limit: memory } }),
    ...(cpus === undefined
      ? {}
      : {
          cpu: {
            quota: Math.round(cpus * CPU_PERIOD_MICROSECONDS),
            period: CPU_PERIOD_MICROSECONDS,
          },
        }),
  };
}
