import { spawn } from "node:child_process";
import { dirname } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { errnoOf } from "@cooper/sys";
import { DistroError } from "../errors.ts";
import { npmFault } from "./fault.ts";

export interface ProgramOptions extends Cancellable {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Bytes of what npm prints that are kept. */
const MAX_OUTPUT = 64 * 2 ** 20;

/**
 * Runs the machine's own npm, with the machine's own configuration, and gives what it printed.
 * It runs on the Node that Cooper runs on: npm prefers versions of packages that fit the Node under
 * it, so another one would solve otherwise. `PROGRAM_MISSING`, and what `npmFault` makes of its errors
 */
export async function runNpm(args: readonly string[], options: ProgramOptions): Promise<string> {
  const { directory, environment, signal } = options;
  signal?.throwIfAborted();
  const child = spawn("npm", [...args, ...QUIETLY], {
    cwd: directory,
    env: { ...environment, PATH: `${dirname(process.execPath)}:${environment["PATH"] ?? ""}` },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a process group of its own, so that its children end with it
  });
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  signal?.addEventListener("abort", end, { once: true });
  try {
    const stdout = gather(child.stdout);
    const stderr = gather(child.stderr);
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    signal?.throwIfAborted();
    if (status !== 0) throw npmFault(stdout(), stderr());
    return stdout();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw missing(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

const QUIETLY = ["--no-update-notifier", "--no-audit", "--no-fund", "--loglevel=error", "--no-color"];

function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < MAX_OUTPUT) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function missing(cause: unknown): DistroError {
  return new DistroError("PROGRAM_MISSING", "npm is not on this machine, and it solves what npm: asks for", {
    cause,
    kind: "host",
    advice: "Install it (Debian: apt-get install npm), or build from a lock file, which needs none.",
    fields: { program: "npm" },
  });
}
