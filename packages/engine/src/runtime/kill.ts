import { readdirSync, readFileSync } from "node:fs";
import { errnoOf } from "@cooper/sys";

/** Kills a process, unless it has ended already. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * Kills the processes in a container's own cgroups, and waits until they are gone: what a runtime was still
 * starting when its caller was killed is there before the runtime writes down that it is.
 */
export function killProcessesIn(container: string): void {
  for (let round = 0; round < 200; round++) {
    const left = processesIn(container);
    if (left.length === 0) return;
    for (const pid of left) kill(pid);
    pause(10);
  }
}

function processesIn(container: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isIn(container, name))
    .map(Number);
}

/** proc_pid_cgroup(5). A process that is dead stays in the list until its parent has asked for its status. */
function isIn(container: string, pid: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(`/${container}`)) return false;
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false; // it ended while we looked
  }
}
