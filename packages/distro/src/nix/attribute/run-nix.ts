import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Cancellable } from "@cooper/archive";
import { errnoOf } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";

export interface RunNixOptions extends Cancellable {
  readonly environment: Context["environment"];
}

/** Characters of the end of what Nix complains of, which has the reason. */
const MAX_COMPLAINT = 2000;

/** Runs a program of the host's Nix and gives what it printed. `PROGRAM_MISSING`, `EVALUATION_FAILED` */
export async function runNix(
  program: string,
  args: readonly string[],
  { environment, signal }: RunNixOptions,
): Promise<string> {
  const child = spawn(program, args, {
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  try {
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    if (status === 0) return stdout;
    const complaint = stderr.trim().slice(-MAX_COMPLAINT);
    throw new DistroError("EVALUATION_FAILED", `${program} failed: ${complaint}`, {
      advice: "Try the same attribute with nix-instantiate.",
    });
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw cause;
    throw new DistroError("PROGRAM_MISSING", `${program} is not on this machine`, {
      cause,
      kind: "host",
      advice: "Install Nix (Debian: apt-get install nix-bin), or set COOPER_NIX_CATALOGUE.",
      fields: { program },
    });
  }
}
