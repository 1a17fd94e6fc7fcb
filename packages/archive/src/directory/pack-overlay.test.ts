import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MOUNT_FLAGS, mount, unmount } from "@cooper/sys";
import { requireRoot, run, temporaryDirectory } from "@cooper/test";
import { readTar } from "../tar/reader.ts";
import { packDirectory } from "./pack.ts";
import { unpackTar } from "./unpack.ts";

test("the upper directory of the kernel's overlay is packed as the layer that makes the same change", async (t) => {
  if (!requireRoot(t)) return;
  const directory = temporaryDirectory(t);
  const [lower, upper, work, merged, again] = ["lower", "upper", "work", "merged", "again"].map((name) => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  });
  assert.ok(lower && upper && work && merged && again);
  for (const root of [lower, again]) {
    mkdirSync(join(root, "replaced"));
    writeFileSync(join(root, "replaced/old"), "old");
    writeFileSync(join(root, "removed"), "removed");
    writeFileSync(join(root, "kept"), "kept");
  }
  mount(
    "overlay",
    merged,
    "overlay",
    MOUNT_FLAGS.noDev,
    `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
  );
  try {
    rmSync(join(merged, "removed"));
    rmSync(join(merged, "replaced"), { recursive: true });
    mkdirSync(join(merged, "replaced"));
    writeFileSync(join(merged, "replaced/new"), "new");
  } finally {
    unmount(merged);
  }
  const paths: string[] = [];
  for await (const { path } of readTar(packDirectory(upper, { overlay: "oci" }))) paths.push(path);
  assert.deepEqual(paths, [".wh.removed", "replaced", "replaced/.wh..wh..opq", "replaced/new"]);
  await unpackTar(packDirectory(upper, { overlay: "oci" }), again, { whiteouts: "apply" });
  const { stdout } = await run("find", [again, "-mindepth", "1", "-printf", "%P\n"]);
  assert.deepEqual(stdout.trim().split("\n").toSorted(), ["kept", "replaced", "replaced/new"]);
});
