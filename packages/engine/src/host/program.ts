import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import type { Cancellable } from "@cooper/archive";

/** Where Debian keeps what only root uses; a user's PATH lacks them. */
const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The path of a program that may be run: by `path` (default: PATH), then the system's sbin directories. */
export function findProgram(
  name: string,
  path: string | undefined = process.env["PATH"],
): string | undefined {
  const directories = (path ?? "").split(":").filter((directory) => directory !== "");
  for (const directory of [...directories, ...SYSTEM_DIRECTORIES]) {
    const program = `${directory}/${name}`;
    try {
      accessSync(program, constants.X_OK);
      if (statSync(program).isFile()) return program;
    } catch {
      continue;
    }
  }
  return undefined;
}

export interface Attempt {
  readonly status: number;
  /** The start of what it printed on stdout, then on stderr. */
  readonly output: string;
}

/** Milliseconds after which a program that is only asked something is given up. */
const PATIENCE = 10_000;

/** Runs a program that only answers a question. Never throws: one that cannot be started has status 127. */
export async function attempt(
  program: string,
  args: readonly string[],
  options: Cancellable = {},
): Promise<Attempt> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
    signal: options.signal,
  });
  // spawn's own timeout goes on running where the program could not be started.
  const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const status = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      stderr = error.message;
      resolve(127);
    });
    child.once("close", (code) => resolve(code ?? 128));
  });
  clearTimeout(impatience);
  return { status, output: `${stdout}${stderr}`.slice(0, 64 * 1024) };
}
