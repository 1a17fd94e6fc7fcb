import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requireProgram, requireRoot } from "@cooper/test";
import { makeFiles, workshop } from "../test-support/cooper.ts";

test("run gives the image's program its arguments and passes its answer and its exit status on", async (t) => {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  if (busybox === undefined || requireProgram(t, "runc") === undefined || !requireRoot(t)) return;
  const { directory, answer, cooper, cooperWith } = workshop(t);
  makeFiles(directory, "root", { "etc/motd": "hello\n" });
  mkdirSync(join(directory, "root/bin"));
  cpSync(busybox, join(directory, "root/bin/busybox"));
  const start = ["--entrypoint", '["/bin/busybox"]', "--cmd", '["cat", "/etc/motd"]'];
  await answer("by-hand", "root", "--quiet", "-t", "box", ...start);

  const plain = await cooper("run", "--quiet", "box");
  assert.deepEqual([plain.status, plain.stdout, plain.stderr], [0, "hello\n", ""]);
  const script = "echo $A $(/bin/busybox id -u) $(/bin/busybox pwd); exit 7";
  const flags = ["-e", "A=a b", "-u", "5", "-w", "/etc"];
  const changed = await cooper("run", ...flags, "box", "--", "sh", "-c", script);
  assert.deepEqual([changed.status, changed.stdout], [7, "a b 5 /etc\n"], changed.stderr);
  const reading = await cooperWith({ input: "typed\n" }, "run", "-i", "box", "--", "cat");
  assert.equal(reading.stdout, "typed\n");
});

test("run with nothing to run is wrong usage", async (t) => {
  if (requireProgram(t, "runc") === undefined || !requireRoot(t)) return;
  const { directory, answer, cooper } = workshop(t);
  makeFiles(directory, "root", { a: "a" });
  await answer("by-hand", "root", "--quiet", "-t", "nothing");
  const finished = await cooper("run", "nothing");
  assert.equal(finished.status, 2);
  assert.match(finished.stderr, /\[COMMAND_MISSING\]/);
});
