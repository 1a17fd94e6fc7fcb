import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startPeer } from "@cooper/test";
import { workshop } from "./test-support/cooper.ts";

const launcher = join(import.meta.dirname, "../bin/cooper");

for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} stops a command that waits, with ${status} and nothing left behind`, async (t) => {
    const { directory } = workshop(t);
    const { promise: waiting, resolve: asked } = Promise.withResolvers<void>();
    const peer = await startPeer(t, async () => {
      asked();
      await new Promise(() => {}); // never answers
    });
    const child = spawn(launcher, ["copy", `docker://${peer.host}/app`, "oci:out"], { cwd: directory });
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    await waiting;
    child.kill(signal);
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code, status);
    assert.equal(stderr, "");
    assert.ok(!existsSync(join(directory, "out")));
  });
}
