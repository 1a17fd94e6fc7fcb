import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";

function hasPrograms(t: TestContext, programs: readonly (readonly [string, string])[]): boolean {
  if (!requireRoot(t)) return false;
  return programs.every(
    ([program, debianPackage]) => requireProgram(t, program, debianPackage) !== undefined,
  );
}

async function quickstart(part: "by-hand" | "registry" | "source"): Promise<string> {
  return (await run("sh", [resolve(import.meta.dirname, `../scripts/quickstart-${part}.sh`)])).stdout;
}

test("the quickstart makes, judges and runs an image by hand and prints its page", async (t) => {
  const programs = [
    ["busybox", "busybox-static"],
    ["runc", "runc"],
    ["skopeo", "skopeo"],
    ["umoci", "umoci"],
  ] as const;
  if (!hasPrograms(t, programs)) return;
  const stdout = await quickstart("by-hand");
  assert.match(stdout, /^sha256:[0-9a-f]{64}$/m);
  assert.match(stdout, /skopeo has the same digest, umoci the same files\./);
  assert.match(stdout, /^200 text\/html/m);
  assert.match(stdout, /Hello from an image that was made by hand\./);
});

test("the quickstart pulls Debian packages from a registry that makes them, and pushes them back", async (t) => {
  if (
    !hasPrograms(t, [
      ["dockerd", "docker.io"],
      ["apt-get", "apt"],
    ])
  )
    return;
  const fetched = await run("apt-get", ["download", "jq"], { cwd: temporaryDirectory(t), status: "any" });
  if (fetched.status !== 0) {
    t.skip(`SKIPPED: this machine's Debian mirror gives no package: ${fetched.stderr.slice(0, 300)}`);
    return;
  }
  const stdout = await quickstart("registry");
  assert.match(stdout, /^\{"made":"when it was pulled"\}$/m);
  assert.match(stdout, /^curl \d/m);
  assert.match(stdout, /^127\.0\.0\.1:\d+\/mine\/tools:1$/m);
  assert.match(stdout, /^\{"pushed":"and pulled back"\}$/m);
  assert.match(stdout, /^apt\/curl\/jq:latest: done in /m);
});

test("the quickstart builds an application from its source, runs it, and builds it again with a line changed", async (t) => {
  if (!hasPrograms(t, [["runc", "runc"]])) return;
  const mirror = await run("npm", ["view", "express", "name"], { status: "any" });
  if (mirror.status !== 0) {
    t.skip(`SKIPPED: npm's registry, as configured here, gives nothing: ${mirror.stderr.slice(0, 300)}`);
    return;
  }
  const stdout = await quickstart("source");
  const [first, second, ...others] = stdout.match(/^sha256:[0-9a-f]{64}$/gm) ?? [];
  assert.ok(first !== undefined && second !== undefined && first !== second, stdout);
  assert.deepEqual(others, []);
  assert.match(stdout, /^200 application\/json.*\n\{"casks":3\}$/m);
  assert.match(stdout, /^200 application\/json.*\n\{"casks":4\}$/m);
});
