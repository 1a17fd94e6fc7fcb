import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { requireProgram, requireRoot, run } from "@cooper/test";

test("the quickstart makes, judges and runs an image and prints its page", async (t) => {
  if (!requireRoot(t)) return;
  for (const [program, debianPackage] of [
    ["busybox", "busybox-static"],
    ["runc", "runc"],
    ["skopeo", "skopeo"],
    ["umoci", "umoci"],
  ] as const) {
    if (requireProgram(t, program, debianPackage) === undefined) return;
  }
  const { stdout } = await run("sh", [resolve(import.meta.dirname, "../scripts/quickstart.sh")]);
  assert.match(stdout, /^sha256:[0-9a-f]{64}$/m);
  assert.match(stdout, /skopeo has the same digest, umoci the same files\./);
  assert.match(stdout, /^200 text\/html/m);
  assert.match(stdout, /Hello from an image that was made by hand\./);
});
