import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Which limit stopped something in a container that runc keeps, by what the kernel counted in its
 * cgroups; of version 1 each controller has a cgroup of its own, of version 2 all have one.
 */
export function limitReached(stateDirectory: string): "memory" | "processes" | undefined {
  const groups = cgroupsOf(join(stateDirectory, "state.json"));
  const memory = groups["memory"] ?? groups[""];
  const processes = groups["pids"] ?? groups[""];
  if (memory !== undefined) {
    const kills = count(join(memory, "memory.events"), "oom_kill");
    if (kills + count(join(memory, "memory.oom_control"), "oom_kill") > 0) return "memory";
  }
  if (processes !== undefined && count(join(processes, "pids.events"), "max") > 0) return "processes";
  return undefined;
}

/** The number beside a word in a file of lines `WORD NUMBER`. */
function count(path: string, word: string): number {
  return Number(new RegExp(`^${word} (\\d+)$`, "m").exec(readIfThere(path))?.[1] ?? 0);
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
