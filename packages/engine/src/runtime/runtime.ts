import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { errnoOf } from "@cooper/sys";
import { EngineError } from "../errors.ts";
import { findProgram } from "../host/program.ts";
import { type Runtime, RUNTIME_NAMES, type RuntimeName } from "./find-runtime.ts";
import type { ContainerLimits } from "./limits/limits.ts";
import { limitReached, limitReachedIn, type Reached } from "./limits/reached.ts";
import { endContainer, firstProcess, recordContainer, STATE_FILE } from "./namespaces/container.ts";
import { launchCommand } from "./namespaces/launch.ts";

/**
 * Kills a container that nobody waits for any more and has the runtime that started it forget it, which
 * is told by what lies in the state directory. Never fails: it may be gone already.
 */
export function removeContainer(stateDirectory: string, id: string): void {
  for (const name of RUNTIME_NAMES) {
    const directory = join(stateDirectory, id);
    if (!existsSync(join(directory, STATE_FILES[name]))) continue;
    if (name === "namespaces") {
      endContainer(directory);
      continue;
    }
    const path = findProgram(name);
    if (path === undefined) continue;
    spawnSync(path, ["--root", stateDirectory, "delete", "--force", id], { stdio: "ignore" });
  }
}

const STATE_FILES: Readonly<Record<RuntimeName, string>> = {
  runc: "state.json",
  crun: "status",
  namespaces: STATE_FILE,
};

export interface RuntimeOutcome {
  /** The container's exit status; 128 and the signal's number where a signal ended it. */
  readonly status: number;
  readonly reached: Reached;
}

export interface RuntimeStart {
  readonly runtime: Runtime;
  readonly id: string;
  /** The bundle: config.json, rootfs, and what `mountScript` needs. */
  readonly bundle: string;
  /** Shell commands, run in the bundle and in a mount namespace of their own, that mount the rootfs. */
  readonly mountScript: string;
  readonly limits: ContainerLimits;
  readonly stdin: "inherit" | "ignore";
  /** Takes what the container prints, on both streams; without it that goes where this process's goes. */
  readonly onOutput?: ((chunk: Buffer) => void) | undefined;
  /** Given what passes a signal on to the container's first process. */
  readonly onSpawn: (pass: (signal: NodeJS.Signals) => void) => void;
}

/** Status of the shell that mounts, told from any of a container's by the file it leaves. */
const MOUNT_FAILED_FILE = "mount-failed";

/**
 * Runs the container to its end. The rootfs is mounted in a namespace that only the runtime and its
 * container live in, so that the mount cannot outlive them. RUNTIME_FAILED, OVERLAY_FAILED.
 */
export async function runToEnd(start: RuntimeStart): Promise<RuntimeOutcome> {
  const { runtime, id, bundle } = start;
  const log = `${bundle}/runtime.log`;
  const script = `cd "$1" || exit 1
shift
{ ${start.mountScript}
} 2> ${MOUNT_FAILED_FILE} || exit 1
rm -f ${MOUNT_FAILED_FILE}
exec "$@"${start.onOutput === undefined ? "" : " 2>&1"}`;
  const args = [
    ["--mount", "--propagation", "private", "--"],
    ["sh", "-c", script, "sh", bundle],
    runtime.name === "namespaces" ? launchCommand(bundle, start.limits.entrances) : ociCommand(start, log),
  ].flat();
  // A session of its own: what the terminal sends to this process is passed on once, not twice.
  // Both streams through one pipe, or their lines would come in another order than they were written: runc has
  // two of its own before it, which a step's shell joins (exec-bundle.ts).
  const output = start.onOutput === undefined ? "inherit" : "pipe";
  const stdio = [start.stdin, output, output] as const;
  const child =
    runtime.name === "namespaces"
      ? // It ends with this process, however that ends.
        spawn("setpriv", ["--pdeathsig", "KILL", "--", "unshare", ...args], {
          stdio: [...stdio],
          detached: true,
          // Nothing that tells Node to do something else.
          env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] },
        })
      : spawn("unshare", args, { stdio: [...stdio], detached: true });
  const { pid } = child;
  if (pid !== undefined) {
    if (runtime.name === "namespaces") recordContainer(`${bundle}/state/${id}`, pid);
    start.onSpawn((signal) =>
      passSignal(runtime.name === "namespaces" ? (firstProcess(bundle) ?? pid) : pid, signal),
    );
  }
  let heard = 0;
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      heard++;
      start.onOutput?.(chunk);
    });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    // Not "close": a daemon that a step left behind may hold the pipe, and dies with the container.
    child.once("exit", (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
  await Promise.race([closed, silence(() => heard)]);
  const reached = limitReachedIn(start.limits.cgroups) ?? limitReached(`${bundle}/state/${id}`);
  // Where a limit hits what the runtime starts the program with, the runtime says only that it is dead.
  if (reached === undefined) throwIfRuntimeFailed(start, log);
  return { status, reached };
}

function ociCommand({ runtime, id, bundle, limits }: RuntimeStart, log: string): readonly string[] {
  // Its cgroups tell afterwards which limit it reached; whoever started it removes it. crun cannot keep one.
  const keep = runtime.name === "runc" ? ["--keep"] : [];
  // Into cgroups that the runtime does not make itself.
  const enter = limits.entrances.map((path) => `echo 0 > '${path}' && `).join("");
  return [
    ["sh", "-c", `${enter}exec "$@"`, "sh"],
    [runtime.path, "--root", `${bundle}/state`, "--log", log, "--log-format", "json"],
    ["run", "--bundle", bundle, "--pid-file", `${bundle}/pid`, ...keep, id],
  ].flat();
}

function passSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended a moment before the signal came.
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/** Until nothing more comes: what was written before the end may still be in the pipe then. */
async function silence(heard: () => number): Promise<void> {
  let before = -1;
  for (let round = 0; round < 20 && before !== heard(); round++) {
    before = heard();
    await setTimeout(50); // oxlint-disable-line no-await-in-loop -- it is waited for
  }
}

function throwIfRuntimeFailed({ runtime, bundle }: RuntimeStart, log: string): void {
  const mountError = readIfThere(`${bundle}/${MOUNT_FAILED_FILE}`);
  if (mountError !== undefined) {
    throw new EngineError("OVERLAY_FAILED", `the overlay could not be mounted: ${mountError.trim()}`, {
      advice:
        "The store must be on a filesystem that overlayfs takes (ext4, xfs, btrfs, tmpfs): set COOPER_HOME.",
      fields: { bundle },
    });
  }
  const failure = (readIfThere(log) ?? "")
    .split("\n")
    .flatMap((line) => failureIn(line) ?? [])
    .at(-1);
  if (failure !== undefined) {
    throw new EngineError("RUNTIME_FAILED", `${runtime.name}: ${failure}`, {
      advice: adviceOn(failure),
      fields: { runtime: runtime.name },
    });
  }
}

/** What a user can do, by the words in which runc and crun say that a program did not start. */
function adviceOn(failure: string): string {
  if (/exec format error/i.test(failure)) {
    return "The program is for another processor: --platform chooses another image of an index.";
  }
  if (/\bexec(utable)?\b.*(not found|no such file|permission denied)/i.test(failure)) {
    return "Is it in the image (cooper ls -l REF), and executable? A script needs its interpreter too.";
  }
  return "cooper doctor says what this host can run; --verbose shows the whole log.";
}

/** The message of a line of the runtime's log, if it is about a failure. */
function failureIn(line: string): string | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined; // the empty last line, or one that a kill cut short
  }
  if (typeof entry !== "object" || entry === null || !("level" in entry) || !("msg" in entry))
    return undefined;
  return entry.level === "error" || entry.level === "fatal" ? String(entry.msg) : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
