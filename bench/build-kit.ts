import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isInstalled } from "./race.ts";

/** A Docker engine of our own, which builds with BuildKit. */
export interface BuildKit {
  /** How its client is started. */
  readonly docker: readonly string[];
  stop(): Promise<void>;
}

/** Starts Debian's Docker engine on data of its own; undefined where it is not installed or does not start. */
export async function startBuildKit(scratch: string): Promise<BuildKit | undefined> {
  const client = "/usr/bin/docker"; // Debian's own needs no plugin for BuildKit
  if (!existsSync("/usr/sbin/dockerd") || !isInstalled("docker") || !existsSync(client)) return undefined;
  const socket = join(scratch, "docker.sock");
  const child = spawn(
    "/usr/sbin/dockerd",
    [
      "--iptables=false",
      "--ip-forward=false",
      "--ip-masq=false",
      "--bridge=none",
      `--data-root=${join(scratch, "docker")}`,
      `--exec-root=${join(scratch, "docker-run")}`,
      `--host=unix://${socket}`,
      `--pidfile=${join(scratch, "docker.pid")}`,
    ],
    { stdio: "ignore", env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` } },
  );
  const exit = once(child, "exit");
  for (let tries = 0; !existsSync(socket); tries++) {
    if (tries > 200 || child.exitCode !== null) {
      child.kill();
      console.error("the Docker engine does not start here: BuildKit is left out");
      return undefined;
    }
    // oxlint-disable-next-line no-await-in-loop
    await pause(50);
  }
  return {
    docker: ["env", "DOCKER_BUILDKIT=1", `DOCKER_HOST=unix://${socket}`, client],
    stop: async () => {
      child.kill("SIGTERM");
      await exit;
    },
  };
}
