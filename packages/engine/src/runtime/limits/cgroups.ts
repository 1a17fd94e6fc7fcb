import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { errnoOf } from "@cooper/sys";
import type { Resources } from "../configuration.ts";

/** What a container is limited by. */
export type LimitName = "memory" | "processes" | "cpus";

/** A cgroup that is to enforce a limit. */
export interface Cgroup {
  readonly limit: LimitName;
  readonly version: 1 | 2;
  readonly controller: string;
  /** Where it is made, and removed again. */
  readonly directory: string;
  /** What is written to its files. */
  readonly files: Readonly<Record<string, string>>;
}

/** Why nothing enforces a limit, by limit. */
export type Refused = Partial<Readonly<Record<LimitName, string>>>;

/** What the kernel says of this process: /proc/self/cgroup and /proc/self/mountinfo. */
export interface CgroupView {
  readonly membership: string;
  readonly mounts: string;
}

/**
 * Where cgroups of that name would be, one for each limit that is asked for: beside this process's own or
 * below it. Version 1 has one for each controller, version 2 one for all: cgroups(7).
 */
export function planCgroups(
  name: string,
  resources: Resources,
  view: CgroupView = ownView(),
): { readonly cgroups: readonly Cgroup[]; readonly refused: Refused } {
  const refused: Partial<Record<LimitName, string>> = {};
  const cgroups = wantedBy(resources).flatMap(({ limit, controller, files }): Cgroup[] => {
    const place = placeOf(controller, view);
    if (place === undefined) {
      refused[limit] = `no cgroups with ${controller} are mounted`;
      return [];
    }
    const { version, parent } = place;
    return [{ limit, version, controller, directory: join(parent, name), files: files[version] }];
  });
  return { cgroups, refused };
}

/**
 * Makes cgroups and sets their limits; gives the files that a process writes itself into to be in them.
 * Where this process may not (a user to whom none was delegated), it says why.
 */
export function makeCgroups(cgroups: readonly Cgroup[]): {
  readonly entrances: readonly string[];
  readonly refused: Refused;
} {
  const refused: Partial<Record<LimitName, string>> = {};
  const entrances = new Set<string>();
  for (const cgroup of cgroups) {
    try {
      const entrance = cgroup.version === 1 ? cgroup.directory : makePassingOn(cgroup);
      mkdirSync(entrance, { recursive: true });
      for (const [file, text] of Object.entries(cgroup.files))
        writeFileSync(join(cgroup.directory, file), text);
      const processes = join(entrance, "cgroup.procs");
      accessSync(processes, constants.W_OK);
      entrances.add(processes);
    } catch (error) {
      refused[cgroup.limit] = error instanceof Error ? error.message : String(error);
    }
  }
  return { entrances: [...entrances], refused };
}

/** Removes them, with those that were made in them. They are left where something still runs in one. */
export function removeCgroups(cgroups: readonly Cgroup[]): void {
  for (const directory of new Set(cgroups.map((cgroup) => cgroup.directory))) removeTree(directory, 50);
}

function removeTree(directory: string, rounds: number): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(join(directory, entry.name), rounds);
    rmdirSync(directory);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return;
    // Processes that were killed a moment ago are still counted.
    if (code !== "EBUSY" || rounds === 0) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    removeTree(directory, rounds - 1);
  }
}

interface Wanted extends Pick<Cgroup, "limit" | "controller"> {
  /** By version. */
  readonly files: Readonly<Record<1 | 2, Readonly<Record<string, string>>>>;
}

function wantedBy({ memory, pids, cpu }: Resources): readonly Wanted[] {
  return [
    ...(pids === undefined
      ? []
      : [limitTo("processes", "pids", { "pids.max": pids.limit }, { "pids.max": pids.limit })]),
    ...(memory === undefined
      ? []
      : [
          limitTo(
            "memory",
            "memory",
            { "memory.limit_in_bytes": memory.limit },
            { "memory.max": memory.limit },
          ),
        ]),
    ...(cpu === undefined
      ? []
      : [
          limitTo(
            "cpus",
            "cpu",
            { "cpu.cfs_period_us": cpu.period, "cpu.cfs_quota_us": cpu.quota },
            { "cpu.max": `${cpu.quota} ${cpu.period}` },
          ),
        ]),
  ];
}

type Values = Readonly<Record<string, string | number>>;

function limitTo(limit: LimitName, controller: string, one: Values, two: Values): Wanted {
  return { limit, controller, files: { 1: asText(one), 2: asText(two) } };
}

function asText(values: Values): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([file, value]) => [file, String(value)]));
}

interface Place {
  readonly version: 1 | 2;
  /** The directory of the cgroup that new ones are made in. */
  readonly parent: string;
}

/** Where a cgroup with a controller is made: /proc/self/cgroup and /proc/self/mountinfo tell. */
function placeOf(controller: string, { membership, mounts }: CgroupView): Place | undefined {
  const lines = membership
    .trim()
    .split("\n")
    .map((line) => /^\d+:(?<controllers>[^:]*):(?<path>.*)$/.exec(line)?.groups);
  const one = lines.find((line) => line?.["controllers"]?.split(",").includes(controller));
  const own = (one ?? lines.find((line) => line?.["controllers"] === ""))?.["path"];
  for (const line of mounts.trim().split("\n")) {
    // The fourth is the root of what is mounted, the fifth where; after the dash: type, source, options.
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", path = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (own === undefined) return undefined;
    const directory = join(path, relative(root, own));
    if (one !== undefined) {
      if (type === "cgroup" && options.split(",").includes(controller))
        return { version: 1, parent: directory };
    } else if (type === "cgroup2") {
      // One that has processes in it can pass no controller on, but for the root of all.
      return { version: 2, parent: directory === path ? path : dirname(directory) };
    }
  }
  return undefined;
}

/**
 * Has version 2's parent pass the controller on; gives a cgroup in the new one: a runtime that makes its own
 * beside it does so inside of the limits.
 */
function makePassingOn({ directory, controller }: Cgroup): string {
  const passedOn = join(dirname(directory), "cgroup.subtree_control");
  if (!readFileSync(passedOn, "utf8").trim().split(" ").includes(controller))
    writeFileSync(passedOn, `+${controller}`);
  return join(directory, "container");
}

function ownView(): CgroupView {
  return {
    membership: readFileSync("/proc/self/cgroup", "utf8"),
    mounts: readFileSync("/proc/self/mountinfo", "utf8"),
  };
}
