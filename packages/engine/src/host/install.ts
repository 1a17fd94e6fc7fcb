import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Cancellable } from "@cooper/archive";
import { EngineError } from "../errors.ts";
import { findProgram } from "./program.ts";

export interface InstallOptions extends Cancellable {
  /** Told each command before it runs, and each line that it prints. */
  readonly onLine?: (line: string) => void;
}

/**
 * Installs Debian packages with apt-get, which it brings up to date first where that is needed.
 * Only root can. `INSTALL_FAILED`
 */
export async function installPackages(
  packages: readonly string[],
  options: InstallOptions = {},
): Promise<void> {
  if (packages.length === 0) return;
  const aptGet = findProgram("apt-get");
  if (aptGet === undefined) {
    throw fault("apt-get is not on this host", `Install with the host's own means: ${packages.join(" ")}`);
  }
  if (process.geteuid?.() !== 0) {
    throw fault("only root can install packages", `As root: apt-get install ${packages.join(" ")}`);
  }
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  const upToDate = hasPackageLists();
  if (!upToDate) await runAptGet(aptGet, ["update"], options);
  let status = await runAptGet(aptGet, install, options);
  if (status !== 0 && upToDate) {
    // The lists were old: what they name may be gone.
    await runAptGet(aptGet, ["update"], options);
    status = await runAptGet(aptGet, install, options);
  }
  if (status !== 0) {
    throw fault(`apt-get ${install.join(" ")} ended with status ${status}`, "What it printed says why.");
  }
}

function hasPackageLists(): boolean {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => name.includes("_Packages"));
  } catch {
    return false;
  }
}

async function runAptGet(
  aptGet: string,
  args: readonly string[],
  { onLine = () => {}, signal }: InstallOptions,
): Promise<number> {
  onLine(`apt-get ${args.join(" ")}`);
  const child = spawn(aptGet, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    signal,
  });
  createInterface({ input: child.stdout }).on("line", (line) => onLine(`  ${line}`));
  createInterface({ input: child.stderr }).on("line", (line) => onLine(`  ${line}`));
  return await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 128));
  });
}

function fault(message: string, advice: string): EngineError {
  return new EngineError("INSTALL_FAILED", message, { kind: "host", advice });
}
