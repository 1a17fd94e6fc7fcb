import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

const PATH = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

/** The path of a program, or a loud skip that names the Debian package to install. */
export function requireProgram(
  t: TestContext,
  name: string,
  debianPackage: string = name,
): string | undefined {
  for (const directory of PATH.split(":")) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  t.skip(`SKIPPED: the program ${name} is missing: apt-get install ${debianPackage}`);
  return undefined;
}

/** Whether this runs as root; a loud skip where it does not. */
export function requireRoot(t: TestContext): boolean {
  if (process.getuid?.() === 0) return true;
  t.skip("SKIPPED: this test needs root");
  return false;
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  /** Give the outcome back also when the status is not 0; default: throw with what it printed. */
  readonly status?: "zero" | "any";
}

/** Runs a program to its end without a shell and gives what it printed. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, PATH, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => {}); // a program may end before it has read its input: its status tells
  child.stdin.end(options.input ?? "");
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const finished = {
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
  if (status !== 0 && options.status !== "any") {
    throw new Error(`${program} ${args.join(" ")}: status ${status}\n${finished.stderr}${finished.stdout}`);
  }
  return finished;
}
