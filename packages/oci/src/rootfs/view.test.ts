import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, writeTar } from "@cooper/archive";
import type { TarInput } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import { makeArtifact, makeImage } from "../make-image.ts";
import { makeLayer } from "../make-layer.ts";
import type { Image } from "../model.ts";
import { viewRoot } from "./view.ts";

function imageOf(...layers: readonly (readonly TarInput[])[]): Image {
  return makeImage({
    config: { os: "linux", architecture: "amd64" },
    layers: layers.map((members) => makeLayer({ tar: () => writeTar(members) })),
  });
}

function file(path: string, content: string): TarInput {
  return { path, type: "file", bytes: Buffer.from(content) };
}

function link(path: string, linkPath: string): TarInput {
  return { path, type: "symlink", linkPath };
}

async function text(image: Image, path: string): Promise<string> {
  return (await collect((await viewRoot(image)).open(path), { limit: 1e6 })).toString();
}

test("a file is read from the highest layer that has it", async () => {
  const image = imageOf([file("etc/a", "old"), file("etc/b", "kept")], [file("etc/a", "new")]);
  assert.equal(await text(image, "/etc/a"), "new");
  assert.equal(await text(image, "etc/b"), "kept");
  const view = await viewRoot(image);
  assert.deepEqual(
    view.list("/etc").map(({ path, layer }) => [path, layer]),
    [
      ["etc/a", 1],
      ["etc/b", 0],
    ],
  );
});

test("what a whiteout removed is not there", async () => {
  const image = imageOf([file("etc/a", "a"), file("etc/b", "b")], [file("etc/.wh.a", "")]);
  const view = await viewRoot(image);
  assert.throws(() => view.find("/etc/a", "follow"), { code: "PATH_MISSING" });
  assert.deepEqual(
    [...view.walk("/")].map(({ path }) => path),
    [".", "etc", "etc/b"],
  );
});

test("symlinks are chased inside the root, in the middle of a path and at its end, and hard links too", async () => {
  const image = imageOf([
    file("usr/lib/os-release", "Debian"),
    link("etc", "usr/../usr/etc"),
    link("usr/etc/os-release", "../../../../usr/lib/os-release"),
    link("absolute", "/etc"),
    { path: "hard", type: "hardlink", linkPath: "usr/lib/os-release" },
  ]);
  assert.equal(await text(image, "/etc/os-release"), "Debian");
  assert.equal(await text(image, "/absolute/../etc/os-release"), "Debian");
  assert.equal(await text(image, "/hard"), "Debian");
  const view = await viewRoot(image);
  assert.equal(view.find("/etc", "keep").type, "symlink");
  assert.equal(view.find("/etc", "follow").path, "usr/etc");
});

test("a loop of symlinks, a missing path and what is no file are errors that name the path", async () => {
  const view = await viewRoot(imageOf([link("a", "b"), link("b", "a"), file("dir/f", "")]));
  assert.throws(() => view.find("/a", "follow"), { code: "INVALID_ROOTFS" });
  assert.throws(() => view.list("/dir/f/g"), { code: "PATH_MISSING" });
  assert.throws(
    () => view.open("/dir"),
    (error) => isFault(error, "NOT_A_FILE"),
  );
});

test("an artifact has no files", async () => {
  await assert.rejects(viewRoot(makeArtifact({ artifactType: "application/x", blobs: [] })), {
    code: "NOT_AN_IMAGE",
  });
});
