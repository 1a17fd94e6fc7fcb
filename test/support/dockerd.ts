import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { unmountBeneath } from "./mounts.ts";
import { requireProgram, requireRoot, run } from "./program.ts";
import type { Finished, RunOptions } from "./program.ts";

export interface DockerdOptions {
  /** A registry that it asks before Docker Hub: `http://127.0.0.1:PORT`. */
  readonly mirror?: string | undefined;
}

export interface Dockerd {
  /** What DOCKER_HOST is to be: `unix:///…/docker.sock`. */
  readonly host: string;
  /** Runs the `docker` command against this engine. */
  docker(args: readonly string[], options?: RunOptions): Promise<Finished>;
  stop(): Promise<void>;
}

/**
 * Starts a Docker engine of the test's own: its data, its socket and its containerd are in a
 * directory that goes when the test ends, and it touches no network. Root only. A loud skip and
 * `undefined` where something is missing.
 */
export async function startDockerd(
  t: TestContext,
  { mirror }: DockerdOptions = {},
): Promise<Dockerd | undefined> {
  if (!requireRoot(t)) return undefined;
  const program = requireProgram(t, "dockerd", "docker.io");
  const client = program === undefined ? undefined : requireProgram(t, "docker", "docker.io");
  if (program === undefined || client === undefined) return undefined;
  // Not temporaryDirectory: hooks run in the order they were set, and this goes after its mounts.
  const directory = mkdtempSync(join(tmpdir(), "cooper-dockerd-"));
  const socket = join(directory, "docker.sock");
  const child = spawn(
    program,
    [
      "--iptables=false",
      "--ip-forward=false",
      "--ip-masq=false",
      "--bridge=none",
      `--data-root=${join(directory, "data")}`,
      `--exec-root=${join(directory, "exec")}`,
      `--host=unix://${socket}`,
      `--pidfile=${join(directory, "pid")}`,
      ...(mirror === undefined ? [] : [`--registry-mirror=${mirror}`]),
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
    },
  );
  let log = "";
  child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      log += String(error);
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(timer);
    unmountBeneath(directory);
    rmSync(directory, { recursive: true, force: true });
  };
  t.after(stop);

  for (let tries = 0; !(await answers(socket)); tries++) {
    if (child.exitCode !== null || child.signalCode !== null || tries > 600) {
      throw new Error(`dockerd did not start:\n${log}`);
    }
    await pause(50);
  }
  const host = `unix://${socket}`;
  return {
    host,
    docker: async (args, options = {}) =>
      await run(client, args, {
        ...options,
        env: { ...options.env, DOCKER_HOST: host, DOCKER_CONFIG: directory },
      }),
    stop,
  };
}

async function answers(socketPath: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const ping = request({ socketPath, path: "/_ping" }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once("error", () => resolve(false));
    ping.end();
  });
}
