import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Dockerd, freePort, run } from "@cooper/test";
import type { Cooper } from "./cooper.ts";
import type { Ask, Example } from "./table.ts";

/** Every example listens here unless it is told otherwise. */
const PORT = 8080;
/** Pauses of a tenth of a second until a server answers: the slowest takes some seconds on a busy machine. */
const TRIES = 900;

/** Runs an image with `cooper run`, read-only and without a network, and asks it. */
export async function askUnderRunc(
  cooper: Cooper,
  { asks, writes = [] }: Pick<Example, "asks" | "writes">,
  ref: string,
): Promise<void> {
  const volumes = writableVolumes(cooper.scratch, writes);
  const flags = ["run", "--quiet", "--read-only", "--stop-timeout", "1", "--network", "none", ...volumes];
  for (const { arguments: words, prints } of callsOf(asks)) {
    // oxlint-disable-next-line no-await-in-loop -- one container at a time
    const called = await run(cooper.launcher, [...flags, ref, ...after(words)], { env: cooper.env });
    assert.equal(called.stdout, prints, called.stderr);
  }
  const visits = visitsOf(asks);
  if (visits.length === 0) return;
  const port = await freePort();
  const published = ["--publish", `127.0.0.1:${port}:${PORT}`, ref];
  const server = spawn(cooper.launcher, [...flags, ...published], {
    env: { ...process.env, ...cooper.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = logOf(server);
  const ended = new Promise<number | null>((resolve) => server.once("close", resolve));
  try {
    for (const { path, answer } of visits) {
      // oxlint-disable-next-line no-await-in-loop
      const page = await visit(
        async () => await (await fetch(`http://127.0.0.1:${port}${path}`)).text(),
        () => (server.exitCode === null ? undefined : said()),
      );
      assert.ok(page.includes(answer), `${path} answers ${page}`);
    }
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
}

/** Loads an image into a Docker engine, runs it there in the same way, and asks it. */
export async function askUnderDocker(
  cooper: Cooper,
  engine: Dockerd,
  { name, asks, writes = [] }: Example,
  ref: string,
): Promise<void> {
  const env = { ...cooper.env, DOCKER_HOST: engine.host };
  await run(cooper.launcher, ["copy", "--quiet", ref, `docker-daemon:${name}:1`], { env });
  const volumes = writableVolumes(cooper.scratch, writes);
  const flags = ["run", "--read-only", "--network", "none", ...volumes];
  for (const { arguments: words, prints } of callsOf(asks)) {
    // oxlint-disable-next-line no-await-in-loop
    const called = await engine.docker([...flags, "--rm", `${name}:1`, ...words]);
    assert.equal(called.stdout, prints, called.stderr);
  }
  const visits = visitsOf(asks);
  if (visits.length === 0) return;
  const container = (await engine.docker([...flags, "--detach", `${name}:1`])).stdout.trim();
  const inspect = async (field: string): Promise<string> =>
    (await engine.docker(["inspect", "--format", `{{.State.${field}}}`, container])).stdout.trim();
  const inside = ["--target", await inspect("Pid"), "--net", process.execPath, "--eval"];
  try {
    for (const { path, answer } of visits) {
      const script = `fetch("http://127.0.0.1:${PORT}${path}").then((r) => r.text()).then(console.log)`;
      // oxlint-disable-next-line no-await-in-loop
      const page = await visit(
        async () => (await run("nsenter", [...inside, script])).stdout,
        async () =>
          (await inspect("Running")) === "true"
            ? undefined
            : (await engine.docker(["logs", container])).stderr,
      );
      assert.ok(page.includes(answer), `under Docker ${path} answers ${page}`);
    }
    // What does not listen to what is to end it is killed in the end, and that says 137.
    await engine.docker(["stop", "--time", "20", container]);
    assert.notEqual(await inspect("ExitCode"), "137", "it does not end when it is told to");
  } finally {
    await engine.docker(["rm", "--force", container]);
  }
}

/** What a server answers, once it does; an error as soon as it has ended. */
async function visit(
  ask: () => Promise<string>,
  whyEnded: () => string | undefined | Promise<string | undefined>,
): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      return await ask();
    } catch (error) {
      // oxlint-disable-next-line no-await-in-loop
      const log = await whyEnded();
      if (log !== undefined) throw new Error(`it has ended: ${log}`, { cause: error });
      if (tries >= TRIES) throw error;
      // oxlint-disable-next-line no-await-in-loop
      await pause(100);
    }
  }
}

function writableVolumes(scratch: string, targets: readonly string[]): readonly string[] {
  mkdirSync(scratch, { recursive: true });
  return targets.flatMap((target) => {
    const directory = mkdtempSync(join(scratch, "volume-"));
    chmodSync(directory, 0o777);
    return ["--volume", `${directory}:${target}`];
  });
}

function logOf(child: ChildProcess): () => string {
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  return () => log;
}

function callsOf(asks: readonly Ask[]): readonly Extract<Ask, { prints: string }>[] {
  return asks.filter((ask) => "prints" in ask);
}

function visitsOf(asks: readonly Ask[]): readonly Extract<Ask, { path: string }>[] {
  return asks.filter((ask) => "path" in ask);
}

function after(words: readonly string[]): readonly string[] {
  return words.length === 0 ? [] : ["--", ...words];
}
