import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBytes } from "@cooper/archive";
import {
  completeLayer,
  describeBytes,
  digestBytes,
  emptyImage,
  isArtifact,
  makeArtifact,
  makeImage,
  makeIndex,
  makeLayer,
  MEDIA_TYPES,
  validate,
} from "./index.ts";
import { AMD64, ARM64, MemoryStore, tarOf } from "./memory.fixture.ts";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const madeBytes = async (): Promise<Buffer> => {
  const tar = await tarOf({ a: "x" });
  const image = makeImage({
    config: { ...AMD64, config: { Labels: { b: "2", a: "1" }, Cmd: ["a"], User: "1" } },
    layers: [makeLayer({ tar: () => fromBytes(tar), compression: "none" })],
    annotations: { z: "1", a: "2" },
  });
  const manifest = await image.manifest();
  assert.equal(manifest.config.digest, digestBytes(await image.rawConfig()));
  return Buffer.concat([await image.rawConfig(), await image.raw()]);
};

test("an image of a config and layers is written once and the same each time", async () => {
  const text = (await madeBytes()).toString();
  assert.equal((await madeBytes()).toString(), text);
  const diffId = digestBytes(await tarOf({ a: "x" }));
  assert.ok(
    text.startsWith(
      `{"architecture":"amd64","os":"linux","config":{"User":"1","Cmd":["a"],"Labels":{"a":"1","b":"2"}},` +
        `"rootfs":{"type":"layers","diff_ids":["${diffId}"]}}{"schemaVersion":2,"mediaType":"`,
    ),
    text,
  );
  assert.ok(text.endsWith(`"annotations":{"a":"2","z":"1"}}`), text);
});

test("an image of exact config bytes keeps them", async () => {
  const config = Buffer.from(
    '{ "os":"linux", "architecture":"amd64",\n"rootfs":{"type":"layers","diff_ids":[]}}',
  );
  const image = makeImage({ config, layers: [] });
  assert.deepEqual(Buffer.from(await image.rawConfig()), config);
  assert.equal((await image.manifest()).config.digest, digestBytes(config));
});

test("an empty image and an artifact are valid, and an artifact has no image config", async () => {
  assert.deepEqual(await validate(emptyImage(AMD64)), []);
  assert.deepEqual(await validate(emptyImage(AMD64, "docker")), []);
  const descriptor = describeBytes("text/plain", Buffer.from("hi"));
  const artifact = makeArtifact({
    artifactType: "application/vnd.example.note",
    blobs: [completeLayer({ descriptor, open: () => fromBytes("hi") })],
    subject: await emptyImage(AMD64).descriptor(),
  });
  assert.deepEqual(await validate(artifact), []);
  assert.equal(isArtifact(await artifact.manifest()), true);
  assert.equal((await artifact.descriptor()).artifactType, "application/vnd.example.note");
  await assert.rejects(artifact.config(), { code: "NOT_AN_IMAGE" });
  const [blob] = await artifact.layers();
  assert.throws(() => blob?.tar(), { code: "NOT_AN_IMAGE" });
  await assert.rejects(async () => await blob?.diffId(), { code: "NOT_AN_IMAGE" });
});

test("an index of images takes their platforms, and gives them back", async () => {
  const store = new MemoryStore();
  const index = makeIndex({
    manifests: [
      await store.image(),
      { content: await store.image({ platform: ARM64 }), annotations: { a: "b" } },
    ],
    annotations: { top: "1" },
  });
  const { manifests } = await index.manifest();
  assert.deepEqual(
    manifests.map(({ platform }) => platform),
    [AMD64, ARM64],
  );
  assert.deepEqual(manifests[1]?.annotations, { a: "b" });
  assert.deepEqual(await validate(await store.rewrite(index)), []);
  await assert.rejects(index.child(describeBytes(MEDIA_TYPES.oci.manifest, json(1))), {
    code: "NOT_IN_INDEX",
  });
});
