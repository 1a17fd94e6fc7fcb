import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Layer, makeImage, validate } from "@cooper/oci";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";
import { buildKilled, SECRET } from "./killed.fixture.ts";
import { requireRuntime } from "../runtime/runtime.fixture.ts";

const KILLS = Number(process.env["COOPER_TEST_KILLS"] ?? 10);

test("a build that is killed at any moment leaves nothing that the next one does not remove, and no secret", async (t) => {
  if (!requireRoot(t) || !requireRuntime(t)) return;
  if (requireProgram(t, "busybox", "busybox-static") === undefined) return;
  const expected = await diffIds(await buildKilled(join(temporaryDirectory(t), "home")));
  const home = join(temporaryDirectory(t), "home");
  const program = join(import.meta.dirname, "killed.fixture.ts");
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, ["--conditions=@cooper/source", program, home], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    // oxlint-disable-next-line no-await-in-loop
    await once(child.stdout, "data");
    const delay = Math.floor(Math.random() * 1500);
    t.diagnostic(`killed after ${delay} ms`);
    // oxlint-disable-next-line no-await-in-loop
    await pause(delay);
    child.kill("SIGKILL");
    // oxlint-disable-next-line no-await-in-loop
    await exit;
  }

  const layers = await buildKilled(home, { cache: "use" });
  assert.deepEqual(await diffIds(layers), expected);
  const image = makeImage({ config: { os: "linux", architecture: "amd64" }, layers });
  assert.deepEqual(await validate(image, { depth: "full" }), []);

  assert.deepEqual(readdirSync(join(home, "containers")), []);
  const names = ["build", "unpacked"].flatMap((name) => readdirSync(join(home, name)));
  assert.deepEqual(
    names.filter((name) => /^(?:aside|partial)-/.test(name)),
    [],
  );
  assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(home));
  assert.deepEqual(processesNaming(home), []);
  const found = await run("grep", ["-r", "-l", "-s", "-F", SECRET, home, "/dev/shm"], { status: "any" });
  assert.equal(found.stdout, "");
});

async function diffIds(layers: readonly Layer[]): Promise<readonly string[]> {
  return await Promise.all(layers.map(async (layer) => await layer.diffId()));
}

/** Processes whose command line has a path in it. */
function processesNaming(path: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((name) => commandLineOf(name))
    .filter((line) => line.includes(path));
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it ended meanwhile
  }
}
