import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cgroup } from "./cgroups.ts";

/** A limit that stopped something: a process killed for want of memory, or one that could not start. */
export type Reached = "memory" | "processes" | undefined;

/** Which limit stopped something in the cgroups that were made for a container. */
export function limitReachedIn(cgroups: readonly Cgroup[]): Reached {
  const find = (limit: Cgroup["limit"]): string | undefined =>
    cgroups.find((cgroup) => cgroup.limit === limit)?.directory;
  return reached(find("memory"), find("processes"));
}

/**
 * Which limit stopped something in a container that runc keeps; of version 1 each controller has a cgroup
 * of its own, of version 2 all have one.
 */
export function limitReached(stateDirectory: string): Reached {
  const groups = cgroupsOf(join(stateDirectory, "state.json"));
  return reached(groups["memory"] ?? groups[""], groups["pids"] ?? groups[""]);
}

/** By what the kernel counted. */
function reached(memory: string | undefined, processes: string | undefined): Reached {
  if (memory !== undefined) {
    const kills =
      count(memory, "memory.events", "oom_kill") + count(memory, "memory.oom_control", "oom_kill");
    if (kills > 0) return "memory";
  }
  if (processes !== undefined && count(processes, "pids.events", "max") > 0) return "processes";
  return undefined;
}

/** The numbers beside a word in files of lines `WORD NUMBER`: a cgroup's, and those of the ones in it. */
function count(cgroup: string, file: string, word: string): number {
  const own = Number(new RegExp(`^${word} (\\d+)$`, "m").exec(readIfThere(join(cgroup, file)))?.[1] ?? 0);
  return childrenOf(cgroup).reduce((sum, child) => sum + count(join(cgroup, child), file, word), own);
}

function childrenOf(cgroup: string): readonly string[] {
  try {
    return readdirSync(cgroup, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return []; // it is gone
  }
}

function cgroupsOf(path: string): Readonly<Record<string, string | undefined>> {
  try {
    const state: unknown = JSON.parse(readIfThere(path));
    if (typeof state !== "object" || state === null || !("cgroup_paths" in state)) return {};
    return Object.fromEntries(
      Object.entries(state.cgroup_paths ?? {}).filter(([, group]) => typeof group === "string"),
    );
  } catch {
    return {}; // another runtime than runc, or one that was killed
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // that controller is not there
  }
}
