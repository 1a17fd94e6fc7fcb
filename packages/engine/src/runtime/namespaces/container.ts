import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { kill, pause } from "../kill.ts";

/**
 * The process that has started a container, and ends with it: by its number and, since numbers are used
 * again, the time of its start.
 */
interface StartedProcess {
  readonly pid: number;
  readonly startTime: string;
}

export const STATE_FILE = "namespaces.json";

/** Writes down what has started the container, so that whoever comes later can end it. */
export function recordContainer(directory: string, pid: number): void {
  const startTime = runningSince(pid);
  if (startTime === undefined) return; // it has ended already
  const started: StartedProcess = { pid, startTime };
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, STATE_FILE), JSON.stringify(started));
}

/** Kills a container with all its processes, and waits until they are gone. */
export function endContainer(directory: string): void {
  const started = readStarted(directory);
  if (started === undefined || !isRunning(started)) return;
  // The bundle is where the state directories are: BUNDLE/state/ID.
  kill(firstProcess(dirname(dirname(directory))) ?? started.pid);
  for (let round = 0; round < 200 && isRunning(started); round++) pause(10);
  // Stuck before it had a first process.
  if (isRunning(started)) kill(started.pid);
}

/** The number, on the host, of the first process of a bundle's container; undefined where it has not come that far. */
export function firstProcess(bundle: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(bundle, "pid"), "utf8"), 10);
    // While it is written it is empty, and 0 would be everybody in this process's own group: kill(2).
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined; // there is no such file yet
  }
}

function readStarted(directory: string): StartedProcess | undefined {
  try {
    const started: StartedProcess = JSON.parse(readFileSync(join(directory, STATE_FILE), "utf8"));
    return started;
  } catch {
    return undefined; // whoever wrote it was killed: what it had started went with it
  }
}

function isRunning({ pid, startTime }: StartedProcess): boolean {
  return runningSince(pid) === startTime;
}

/** When a process started, in ticks since the machine did; undefined of one that has ended. proc_pid_stat(5) */
function runningSince(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the program's name, which may have spaces and brackets in it: the state is the third field.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
