import assert from "node:assert/strict";
import { test } from "node:test";
import {
  makeIndex,
  MEDIA_TYPES,
  validate,
  withAnnotations,
  withCompression,
  withMediaTypes,
  withSubject,
} from "../index.ts";
import { ARM64, MemoryStore } from "../memory.fixture.ts";

test("compressing anew keeps the config, and conversion keeps layers and config", async () => {
  const store = new MemoryStore();
  const image = await store.image();
  for (const compression of ["none", "zstd"] as const) {
    const changed = withCompression(image, { compression });
    assert.deepEqual(await changed.rawConfig(), await image.rawConfig());
    assert.notEqual(await changed.digest(), await image.digest());
    const back = await store.rewrite(withCompression(await store.rewrite(changed), { compression: "gzip" }));
    assert.deepEqual(await validate(back), []);
  }
  const docker = await store.rewrite(withMediaTypes(await store.image({ manifest: {} }), "docker"));
  assert.deepEqual(await validate(docker), []);
  const manifest = await docker.manifest();
  assert.deepEqual(
    [manifest.mediaType, manifest.config.mediaType, manifest.layers[0]?.mediaType],
    [MEDIA_TYPES.docker.manifest, MEDIA_TYPES.docker.config, MEDIA_TYPES.docker.layerGzip],
  );
  assert.deepEqual(
    manifest.layers.map(({ digest }) => digest),
    (await image.manifest()).layers.map(({ digest }) => digest),
  );
  assert.equal(await withMediaTypes(docker, "oci").digest(), await withMediaTypes(image, "oci").digest());
});

test("what Docker's media types cannot say is refused, not lost", async () => {
  const store = new MemoryStore();
  const image = await store.image();
  for (const [content, says] of [
    [withAnnotations(image, { a: "b" }), /annotations/],
    [withSubject(image, await image.descriptor()), /subject/],
    [withCompression(image, { compression: "zstd" }), /zstd/],
  ] as const) {
    await assert.rejects(withMediaTypes(content, "docker").raw(), { code: "UNREPRESENTABLE", message: says });
  }
  const docker = await store.image({ format: "docker" });
  await assert.rejects(withSubject(docker, image).raw(), { code: "UNREPRESENTABLE" });
  await assert.rejects(withCompression(docker, { compression: "zstd" }).raw(), { code: "UNREPRESENTABLE" });
  await assert.rejects(withMediaTypes(await store.index(), "docker").raw(), { code: "UNREPRESENTABLE" });
});

test("an index becomes a manifest list and comes back", async () => {
  const store = new MemoryStore();
  const index = makeIndex({ manifests: [await store.image(), await store.image({ platform: ARM64 })] });
  const docker = await store.rewrite(withMediaTypes(index, "docker"));
  assert.equal(docker.mediaType, MEDIA_TYPES.docker.index);
  assert.deepEqual(await validate(docker), []);
  const { manifests } = await docker.manifest();
  assert.deepEqual(
    manifests.map(({ mediaType }) => mediaType),
    Array(2).fill(MEDIA_TYPES.docker.manifest),
  );
  assert.equal(await withMediaTypes(docker, "oci").digest(), await withMediaTypes(index, "oci").digest());
});
