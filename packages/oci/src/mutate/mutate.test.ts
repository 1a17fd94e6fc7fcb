import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, fromBytes } from "@cooper/archive";
import {
  append,
  digestBytes,
  flatten,
  makeLayer,
  MEDIA_TYPES,
  squash,
  validate,
  withAnnotations,
  withCompression,
  withConfig,
  withEnv,
  withLabels,
  withMediaTypes,
  withRunConfig,
  withTime,
} from "../index.ts";
import type { Content, Layer } from "../index.ts";
import { AMD64, ARM64, asImage, MemoryStore, tarOf } from "../memory.fixture.ts";

async function newLayer(
  text: string,
  compression: "gzip" | "zstd" = "gzip",
): Promise<Layer & { made: () => number }> {
  const tar = await tarOf({ [`new-${text}`]: text });
  let made = 0;
  return { ...makeLayer({ tar: () => (made++, fromBytes(tar)), compression }), made: () => made };
}

/** Each change that works on any content, and what it must show in an image's config or manifest. */
const CHANGES: Readonly<Record<string, (content: Content) => Content>> = {
  "append of nothing": (content) => append(content, []),
  withLabels: (content) => withLabels(content, { added: "1", kept: undefined }),
  withEnv: (content) => withEnv(content, { A: "b", PATH: "/usr/bin" }),
  withConfig: (content) => withConfig(content, (config) => ({ ...config, author: "me" })),
  withRunConfig: (content) => withRunConfig(content, (config) => ({ ...config, Cmd: ["x"] })),
  "withAnnotations on the manifest": (content) => withAnnotations(content, { a: "b" }),
  "withAnnotations on the descriptor": (content) =>
    withAnnotations(content, { a: "b" }, { on: "descriptor" }),
  "withTime, files kept": (content) => withTime(content, new Date(0)),
  "withTime, files set": (content) => withTime(content, new Date(1_000), { files: "set" }),
  "withTime, files clamped": (content) => withTime(content, new Date(1_500), { files: "clamp" }),
  "withCompression none": (content) => withCompression(content, { compression: "none" }),
  "withCompression gzip 9": (content) => withCompression(content, { compression: "gzip", level: 9 }),
  "withCompression zstd": (content) => withCompression(content, { compression: "zstd" }),
  "withMediaTypes oci": (content) => withMediaTypes(content, "oci"),
  flatten: (content) => flatten(content),
  "squash of all": (content) => squash(content, { from: 0 }),
  "squash of the last": (content) => squash(content, { from: 1, to: 2 }),
  "two changes": (content) => flatten(withLabels(content, { x: "y" })),
};

for (const [name, change] of Object.entries(CHANGES)) {
  test(`${name}: an image stays valid, written and read again`, async () => {
    const store = new MemoryStore();
    const before = await store.image();
    const raw = await before.raw();
    const after = asImage(change(before));
    assert.deepEqual(await validate(await store.rewrite(after)), []);
    assert.deepEqual(await validate(after), []);
    assert.deepEqual(await before.raw(), raw, "the old one stays as it was");
    assert.equal((await after.config()).rootfs.diff_ids.length, (await after.layers()).length);
    assert.deepEqual({ ...(await after.config()), "x-config": { deep: true } }, await after.config());
    assert.deepEqual({ ...(await after.manifest()), "x-manifest": "kept" }, await after.manifest());
  });

  test(`${name}: an index stays valid, written and read again`, async () => {
    const store = new MemoryStore();
    const before = await store.index();
    const after = change(before);
    assert.equal(after.kind, "index");
    assert.deepEqual(await validate(await store.rewrite(after)), []);
    const manifest = await after.manifest();
    assert.ok(JSON.stringify(manifest).includes("application/vnd.example.thing"), "artifacts stay");
    const images = manifest.manifests.filter(({ platform }) => platform?.os === "linux");
    assert.deepEqual(
      images.map(({ platform }) => platform),
      [AMD64, ARM64],
    );
  });
}

test("nothing is read or made before the changed image is", async () => {
  const store = new MemoryStore();
  const layer = await newLayer("a");
  const image = append(withLabels(await store.image(), { a: "b" }), [layer]);
  const index = append(await store.index(), [layer]);
  assert.equal(image.mediaType, MEDIA_TYPES.oci.manifest);
  assert.equal(index.kind, "index");
  assert.deepEqual(store.opened, []);
  assert.equal(layer.made(), 0);
});

test("a change refuses an artifact where it needs an image, and leaves it alone in an index", async () => {
  const store = new MemoryStore();
  const artifact = (await (await store.index()).children()).at(-1);
  assert.ok(artifact?.kind === "image");
  for (const change of [
    append(artifact, [await newLayer("a")]),
    withLabels(artifact, { a: "b" }),
    flatten(artifact),
    withTime(artifact, new Date(0)),
    withMediaTypes(artifact, "docker"),
  ]) {
    await assert.rejects(change.raw(), { code: "NOT_AN_IMAGE" });
  }
  assert.deepEqual(await validate(await store.rewrite(withAnnotations(artifact, { a: "b" }))), []);
});

test("the digest of a changed image is of the bytes that are given, and of nothing else", async () => {
  const image = withLabels(await new MemoryStore().image(), { a: "b" });
  assert.equal(await image.digest(), digestBytes(await image.raw()));
  assert.equal((await image.descriptor()).size, (await image.raw()).byteLength);
  const [layer] = await image.layers();
  assert.ok(layer);
  assert.equal(digestBytes(await collect(layer.open(), { limit: 1e6 })), (await layer.descriptor()).digest);
});
