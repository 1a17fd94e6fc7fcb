import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { unmountBeneath } from "./mounts.ts";
import { requireProgram, requireRoot, run } from "./program.ts";
import type { Finished } from "./program.ts";

export interface Containerd {
  /** Runs `ctr` against this containerd. */
  ctr(...args: readonly string[]): Promise<Finished>;
}

/**
 * Starts a containerd of the test's own: its data, its state and its socket are in a directory that
 * goes when the test ends. Root only. A loud skip and `undefined` where something is missing.
 */
export async function startContainerd(t: TestContext): Promise<Containerd | undefined> {
  if (!requireRoot(t)) return undefined;
  const program = requireProgram(t, "containerd", "containerd");
  const client = program === undefined ? undefined : requireProgram(t, "ctr", "containerd");
  if (program === undefined || client === undefined) return undefined;
  // Not temporaryDirectory: hooks run in the order they were set, and this goes after its mounts.
  const directory = mkdtempSync(join(tmpdir(), "cooper-containerd-"));
  const socket = join(directory, "containerd.sock");
  const configuration = join(directory, "config.toml");
  writeFileSync(
    configuration,
    `version = 2
root = ${JSON.stringify(join(directory, "root"))}
state = ${JSON.stringify(join(directory, "state"))}
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = ${JSON.stringify(socket)}
[ttrpc]
  address = ${JSON.stringify(`${socket}.ttrpc`)}
`,
  );
  const child = spawn(program, ["--config", configuration], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      log += String(error);
      resolve();
    });
  });
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(timer);
    unmountBeneath(directory);
    rmSync(directory, { recursive: true, force: true });
  });
  const ctr = async (...args: readonly string[]): Promise<Finished> =>
    await run(client, ["--address", socket, ...args]);

  for (let tries = 0; ; tries++) {
    try {
      await ctr("version");
      return { ctr };
    } catch (error) {
      if (child.exitCode !== null || child.signalCode !== null || tries > 200) {
        throw new Error(`containerd did not start:\n${log}`, { cause: error });
      }
      await pause(100);
    }
  }
}
