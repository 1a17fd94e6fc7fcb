import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run, startPeer } from "@cooper/test";
import { makeFiles, workshop } from "./test-support/cooper.ts";

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

test("what is said comes whole to a reader that takes its time, and one that leaves ends the command", async (t) => {
  const { directory, env, answer } = workshop(t);
  const names = Array.from({ length: 1000 }, (_, at) => `${"stave".repeat(20)}-${1000 + at}`);
  makeFiles(directory, "files", Object.fromEntries(names.map((name) => [name, ""])));
  await answer("append", "scratch", "files", "--platform", "linux/amd64", "-o", "oci:image");
  const listed = await answer("ls", "--json", "oci:image");
  assert.ok(
    listed.length > 65_536,
    "no pipe of the kernel's holds it all: some has not left until it is read",
  );
  const piped = async (reader: string): Promise<string> => {
    const command = '{ "$0" ls --json oci:image; touch ended; } | ' + reader;
    return (await run("sh", ["-c", command, launcher], { cwd: directory, env })).stdout;
  };
  const patient = "{ for n in $(seq 40); do [ -e ended ] || sleep 0.1; done; cat; }";
  assert.equal(await piped(patient), `${listed}\n`);
  assert.equal(await piped("head -n 1"), "{\n");
});
