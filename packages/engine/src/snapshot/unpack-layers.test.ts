import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type TarInput, writeTar } from "@cooper/archive";
import { type Image, type Layer, makeImage, makeLayer } from "@cooper/oci";
import { requireRoot, temporaryDirectory } from "@cooper/test";
import { unpackLayers } from "./unpack-layers.ts";

const PLATFORM = { os: "linux", architecture: "amd64" } as const;

/** A layer that is known before it is unpacked, as those of a registry are. */
async function layerOf(...members: readonly TarInput[]): Promise<Layer> {
  const layer = makeLayer({ tar: () => writeTar(members), compression: "gzip" });
  await layer.descriptor();
  return layer;
}

async function unpacked(image: Image, home: string): Promise<readonly string[]> {
  const { directories, close } = await unpackLayers(image, {
    home,
    owners: "keep",
    overlayXattrs: "trusted",
  });
  close();
  return directories;
}

test("a layer that leans on one that is unpacked beside it waits for that one", async (t) => {
  if (!requireRoot(t)) return;
  const bottom = await layerOf(
    { path: "large", type: "file", mode: 0o644, bytes: Buffer.alloc(8e6, 1) },
    { path: "opt", type: "directory", mode: 0o2750, uid: 7, gid: 8 },
    { path: "opt/file", type: "file", mode: 0o640, bytes: Buffer.from("below") },
  );
  const middle = await layerOf({ path: "opt/other", type: "file", mode: 0o644, bytes: Buffer.from("x") });
  const top = await layerOf(
    { path: "own", type: "file", mode: 0o644, bytes: Buffer.from("y") },
    { path: "opt/linked", type: "hardlink", mode: 0o644, linkPath: "opt/file" },
  );
  const image = makeImage({ config: PLATFORM, layers: [bottom, middle, top] });
  const directories = await unpacked(image, temporaryDirectory(t));
  const [upper = "", between = ""] = directories;
  for (const directory of [between, upper]) {
    const { mode, uid, gid } = statSync(join(directory, "opt"));
    assert.deepEqual([mode & 0o7777, uid, gid], [0o2750, 7, 8]);
  }
  assert.equal(readFileSync(join(upper, "opt/linked"), "utf8"), "below");
  assert.deepEqual(readdirSync(upper).toSorted(), ["opt", "own"]);
});

test("where one layer cannot be had, the others are let go, and nothing half unpacked stays", async (t) => {
  const home = temporaryDirectory(t);
  const good = await layerOf({ path: "a", type: "file", mode: 0o644, bytes: Buffer.alloc(4e6, 1) });
  const made = await layerOf({ path: "b", type: "file", mode: 0o644, bytes: Buffer.from("b") });
  const bad: Layer = {
    ...made,
    // oxlint-disable-next-line require-yield
    async *tar() {
      throw new Error("the wire broke");
    },
  };
  const layers = [good, bad, await layerOf({ path: "c/d", type: "symlink", mode: 0o777, linkPath: "e" })];
  await assert.rejects(unpacked(makeImage({ config: PLATFORM, layers }), home), /the wire broke/);
  const left = readdirSync(join(home, "unpacked")).filter((name) => name.startsWith("partial-"));
  assert.deepEqual(left, []);
  assert.equal((await unpacked(makeImage({ config: PLATFORM, layers: [good] }), home)).length, 1);
});

test("a layer that is there is not read, though nobody has compressed it yet", async (t) => {
  const home = temporaryDirectory(t);
  const layer = await layerOf({ path: "a", type: "file", mode: 0o644, bytes: Buffer.from("a") });
  const [first] = await unpacked(makeImage({ config: PLATFORM, layers: [layer] }), home);
  const diffId = await layer.diffId();
  const uncompressed: Layer = {
    ...layer,
    known: () => undefined,
    knownDiffId: () => diffId,
    tar: () => {
      throw new Error("it was read");
    },
  };
  assert.deepEqual(await unpacked(makeImage({ config: PLATFORM, layers: [uncompressed] }), home), [first]);
});
