import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeTar } from "@cooper/archive";
import { makeImage, makeLayer, validate } from "@cooper/oci";
import type { Content } from "@cooper/oci";
import { copy, write } from "@cooper/transport";
import { temporaryDirectory } from "@cooper/test";
import { resolver } from "./resolver.ts";

async function twoLayers(directory: string): Promise<string> {
  const layers = ["a", "b"].map((path) =>
    makeLayer({ tar: () => writeTar([{ path, type: "file", bytes: Buffer.from(path) }]) }),
  );
  const reference = `oci:${join(directory, "two")}:1`;
  await write(makeImage({ config: { os: "linux", architecture: "amd64" }, layers }), reference);
  return reference;
}

async function inputs(text: string): Promise<string | undefined> {
  const opened = await resolver.open(text);
  await opened.close();
  return opened.inputs;
}

async function copied(reference: string, directory: string): Promise<Content> {
  const to = `oci:${join(directory, "copy")}:1`;
  await copy(reference, to, { resolver });
  const opened = await resolver.open(to);
  assert.deepEqual(await validate(opened.content, { depth: "full" }), []);
  return opened.content;
}

test("flatten: in front of a reference gives its image with one layer, wherever it is copied", async (t) => {
  const directory = temporaryDirectory(t);
  const content = await copied(`flatten:${await twoLayers(directory)}`, directory);
  assert.ok(content.kind === "image");
  assert.equal((await content.layers()).length, 1);
});

test("transforms are put in front of each other", async (t) => {
  const directory = temporaryDirectory(t);
  const content = await copied(`zstd:flatten:${await twoLayers(directory)}`, directory);
  assert.ok(content.kind === "image");
  const layers = await content.layers();
  assert.deepEqual(
    layers.map(({ mediaType }) => mediaType),
    ["application/vnd.oci.image.layer.v1.tar+zstd"],
  );
});

test("random: makes layers of a size, the same for the same seed, for two platforms", async (t) => {
  const one = await copied("random:x:3x100k", temporaryDirectory(t));
  const again = await copied("random:x:3x100k", temporaryDirectory(t));
  const other = await copied("random:y:3x100k", temporaryDirectory(t));
  assert.equal(await again.digest(), await one.digest());
  assert.notEqual(await other.digest(), await one.digest());
  assert.ok(one.kind === "index");
  const children = await one.children();
  assert.equal(children.length, 2);
  for (const child of children) {
    assert.ok(child.kind === "image");
    const { layers } = await child.manifest();
    assert.equal(layers.length, 3);
    for (const { size } of layers) assert.ok(size > 100_000 && size < 103_000, String(size));
  }
  for (const wrong of ["random:x:3", "random:x:99x9G", "random:x:1x1T", "random::1x1", "random:x:1x1:1"]) {
    await assert.rejects(resolver.open(wrong), { code: "INVALID_OPTIONS", kind: "usage" }, wrong);
  }
});

test("mirror: is the image itself, of a registry only", async (t) => {
  const reference = await twoLayers(temporaryDirectory(t));
  await assert.rejects(resolver.open(`mirror:${reference}`), { code: "UNREADABLE_SCHEME" });
});

test("what is made of the same has the same inputs, and of something else others", async (t) => {
  const directory = temporaryDirectory(t);
  const reference = await twoLayers(directory);
  const flat = await inputs(`flatten:${reference}`);
  assert.match(flat ?? "", /^flatten [^(]*\(sha256:[0-9a-f]{64}\)$/);
  assert.equal(await inputs(`flatten:${reference}`), flat);
  assert.notEqual(await inputs(`zstd:flatten:${reference}`), await inputs(`zstd:${reference}`));
  assert.notEqual(await inputs("random:x:1x1"), await inputs("random:x:1x2"));
});
