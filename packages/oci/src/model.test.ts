import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, fromBytes } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import {
  completeLayer,
  describeBytes,
  digestBytes,
  emptyImage,
  isArtifact,
  layerFromBlob,
  makeArtifact,
  makeImage,
  makeIndex,
  makeLayer,
  MAX_INDEX_NESTING,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  openContent,
  parseConfig,
  parseDiffId,
  parseIndex,
  parseManifest,
  selectPlatform,
  parsePlatform,
  sniffMediaType,
  validate,
} from "./index.ts";
import type { ContentReader, Descriptor, Layer } from "./index.ts";
import { AMD64, ARM64, asImage, asIndex, MemoryStore, tarOf } from "./memory.fixture.ts";

const limit = 2 ** 28;
const all = async (stream: ByteStream): Promise<Buffer> => await collect(stream, { limit });
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

for (const compression of ["none", "gzip", "zstd"] as const) {
  test(`a ${compression} layer is made in one streaming, which tells digest, size and diffID`, async () => {
    const tar = await tarOf({ "a.txt": "hello".repeat(1000) });
    let made = 0;
    const layer = makeLayer({
      tar: () => {
        made += 1;
        return fromBytes(tar.subarray(0, 700), tar.subarray(700));
      },
      compression,
    });
    assert.equal(layer.known(), undefined);
    const blob = await all(layer.open());
    assert.equal(made, 1);
    assert.deepEqual(await layer.descriptor(), { ...describeBytes(layer.mediaType, blob) });
    assert.equal(await layer.diffId(), digestBytes(tar));
    assert.equal(made, 1, "nothing is made again to answer that");
    assert.deepEqual(await all(layer.tar()), tar);
    assert.deepEqual(await all(layer.open()), blob);
  });

  test(`a ${compression} layer that is stored gives its tar and its diffID`, async () => {
    const store = new MemoryStore();
    const image = await store.image({ compression, layers: [{ "a.txt": "x" }] });
    const [layer] = await image.layers();
    assert.ok(layer);
    assert.deepEqual(await all(layer.tar()), await tarOf({ "a.txt": "x" }));
    const descriptor = await layer.descriptor();
    const unknown = completeLayer({ descriptor, open: () => store.blob(descriptor) });
    assert.equal(await unknown.diffId(), digestBytes(await tarOf({ "a.txt": "x" })));
    assert.deepEqual(await validate(image), []);
  });
}

test("who asks for digest, size and diffID at once lets a layer be made once", async () => {
  const tar = await tarOf({ a: "x" });
  let made = 0;
  const layer = makeLayer({ tar: () => (made++, fromBytes(tar)) });
  await Promise.all([layer.diffId(), layer.descriptor(), layer.diffId()]);
  assert.ok(made <= 2, "one for each question at most");
  const again = made;
  await layer.descriptor();
  assert.equal(made, again);
});

test("a layer whose source changes between two readings is refused", async () => {
  const tars = [await tarOf({ a: "1" }), await tarOf({ a: "2" }), await tarOf({ a: "2" })].values();
  const layer = makeLayer({ tar: () => fromBytes(tars.next().value ?? "") });
  await layer.descriptor();
  await assert.rejects(all(layer.open()), { code: "LAYER_CHANGED" });
  await assert.rejects(all(layer.tar()), { code: "LAYER_CHANGED" });
});

test("a plain file of other bytes than promised is no layer", async () => {
  const tar = await tarOf({ a: "x" });
  const descriptor = describeBytes(MEDIA_TYPES.oci.layer, tar);
  const tampered = Buffer.from(tar);
  tampered[600] = 0x7a;
  await assert.rejects(all(layerFromBlob({ descriptor, open: () => fromBytes(tampered) }).open()), {
    code: "DIGEST_MISMATCH",
  });
  await assert.rejects(all(layerFromBlob({ descriptor, open: () => fromBytes(tar, "more") }).tar()), {
    code: "SIZE_MISMATCH",
  });
});

test("a tar of another diffID than the config says is refused at its end", async () => {
  for (const compression of ["none", "gzip"] as const) {
    const image = await new MemoryStore().image({
      compression,
      layers: [{ a: "x" }],
      config: { rootfs: { type: "layers", diff_ids: [digestBytes(Buffer.from("other"))] } },
    });
    const [layer] = await image.layers();
    assert.ok(layer);
    await assert.rejects(all(layer.tar()), { code: "DIFF_ID_MISMATCH" });
  }
});

test("the compression is told by the content, whatever the media type says", async () => {
  const store = new MemoryStore();
  const tar = await tarOf({ a: "x" });
  const descriptor = store.put(MEDIA_TYPES.oci.layerZstd, tar);
  const layer = completeLayer({
    descriptor,
    open: () => store.blob(descriptor),
    diffId: parseDiffId(digestBytes(tar)),
  });
  assert.deepEqual(await all(layer.tar()), tar);
});

test("an image of a config and layers is written once and the same each time", async () => {
  const make = async (): Promise<Buffer> => {
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
  const text = (await make()).toString();
  assert.equal((await make()).toString(), text);
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

test("the image for a platform is the best, then the first, also out of an index in the index", async () => {
  const store = new MemoryStore();
  const put = async (text: string, seed: string): Promise<Descriptor> =>
    await store.putImage({ platform: parsePlatform(text), layers: [{ seed }] });
  const nested = asIndex(store.openIndex([await put("linux/arm64", "nested")]));
  const first = await put("linux/amd64", "first");
  const { platform: _platform, ...silent } = await put("linux/s390x", "silent");
  const index = asIndex(
    store.openIndex([
      store.attestation(first.digest),
      await put("linux/arm/v6", "v6"),
      first,
      await put("linux/amd64", "second"),
      await nested.descriptor(),
      silent,
    ]),
  );
  const chosen = async (text: string): Promise<string> =>
    await (await selectPlatform(index, parsePlatform(text))).digest();
  assert.equal(await chosen("linux/amd64/v3"), first.digest);
  assert.equal(await chosen("linux/arm64"), (await put("linux/arm64", "nested")).digest);
  assert.equal(await chosen("linux/arm/v7"), (await put("linux/arm/v6", "v6")).digest);
  assert.equal(await chosen("linux/s390x"), silent.digest);
  await assert.rejects(chosen("windows/amd64"), { code: "NO_SUCH_PLATFORM" });
});

test("what a descriptor carries itself is used, not fetched, and checked", async () => {
  const store = new MemoryStore();
  const config = json({ ...AMD64, rootfs: { type: "layers", diff_ids: [] } });
  const described = { ...describeBytes(MEDIA_TYPES.oci.config, config), data: config.toString("base64") };
  const open = (descriptor: object): ReturnType<typeof asImage> =>
    asImage(
      openContent(
        store,
        store.put(MEDIA_TYPES.oci.manifest, {
          schemaVersion: 2,
          mediaType: MEDIA_TYPES.oci.manifest,
          config: descriptor,
          layers: [],
        }),
      ),
    );
  assert.equal((await open(described).config()).os, "linux");
  assert.deepEqual(store.opened, []);
  const other = Buffer.from(config);
  other[2] = 0x78;
  await assert.rejects(open({ ...described, data: other.toString("base64") }).config(), {
    code: "DIGEST_MISMATCH",
  });
  await assert.rejects(open({ ...described, data: "e30=" }).config(), { code: "SIZE_MISMATCH" });
  await assert.rejects(open({ ...described, data: "e30" }).config(), { code: "INVALID_MANIFEST" });
});

test("a manifest of other bytes than its descriptor names is refused", async () => {
  const store = new MemoryStore();
  const descriptor = await store.putImage();
  const raw = await store.manifest(descriptor);
  store.bytes.set(
    descriptor.digest,
    Buffer.from(Buffer.from(raw).toString().replace("step", "stop").replace("kept", "lost")),
  );
  await assert.rejects(openContent(store, descriptor).manifest(), { code: "DIGEST_MISMATCH" });
  store.bytes.set(descriptor.digest, Buffer.concat([raw, Buffer.from("\n")]));
  await assert.rejects(openContent(store, descriptor).manifest(), { code: "SIZE_MISMATCH" });
});

test("a failure is not remembered: who asks again may succeed", async () => {
  const store = new MemoryStore();
  const descriptor = await store.putImage();
  let fails = true;
  const reader: ContentReader = {
    manifest: async (wanted) => {
      if (fails) throw new Error("the network is down");
      return await store.manifest(wanted);
    },
    blob: (wanted) => store.blob(wanted),
  };
  const content = openContent(reader, descriptor);
  await assert.rejects(content.raw(), /network/);
  fails = false;
  assert.equal((await content.raw()).byteLength, descriptor.size);
});

test("who waits for an answer does not fail because somebody else stopped waiting", async () => {
  const store = new MemoryStore();
  const descriptor = await store.putImage();
  const reader: ContentReader = {
    manifest: async (wanted, { signal } = {}) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      return await store.manifest(wanted);
    },
    blob: (wanted) => store.blob(wanted),
  };
  const content = openContent(reader, descriptor);
  const controller = new AbortController();
  const stopped = content.raw({ signal: controller.signal });
  const patient = content.raw();
  controller.abort();
  await assert.rejects(stopped, { name: "AbortError" });
  assert.equal((await patient).byteLength, descriptor.size);
});

test("a manifest larger than the limit is not fetched", async () => {
  const reader: ContentReader = {
    manifest: async () => assert.fail("it was fetched"),
    blob: () => assert.fail("it was fetched"),
  };
  for (const mediaType of [MEDIA_TYPES.oci.manifest, MEDIA_TYPES.oci.index]) {
    const descriptor = { ...describeBytes(mediaType, json(1)), size: MAX_MANIFEST_BYTES + 1 };
    await assert.rejects(openContent(reader, descriptor).raw(), { code: "MANIFEST_TOO_LARGE" });
  }
});

test("an index that names itself, by a reader that checks nothing, is left at the bound", async () => {
  const mediaType = MEDIA_TYPES.oci.index;
  const self = describeBytes(mediaType, json({}));
  const raw = json({ schemaVersion: 2, mediaType, manifests: [{ ...self, size: 1, data: "" }] });
  const descriptor = describeBytes(mediaType, raw);
  const store = new MemoryStore();
  let nested = descriptor;
  store.bytes.set(descriptor.digest, raw);
  for (let i = 0; i <= MAX_INDEX_NESTING; i++) {
    nested = store.put(mediaType, { schemaVersion: 2, mediaType, manifests: [nested] });
  }
  let content = openContent(store, nested);
  await assert.rejects(
    async () => {
      for (;;) [content = assert.fail("no child")] = await asIndex(content).children();
    },
    { code: "NESTING_TOO_DEEP" },
  );
  assert.ok((await validate(openContent(store, nested))).some(({ message }) => /indexes/.test(message)));
});

for (const mediaType of [MEDIA_TYPES.docker.schema1, MEDIA_TYPES.docker.schema1Signed]) {
  test(`${mediaType} is refused by name, with what to do`, () => {
    const descriptor = describeBytes(mediaType, json(1));
    assert.throws(() => openContent(new MemoryStore(), descriptor), {
      code: "SCHEMA1_UNSUPPORTED",
      advice: /skopeo/,
    });
  });
}

const valid = { schemaVersion: 2, config: describeBytes(MEDIA_TYPES.oci.config, json({})), layers: [] };
for (const [why, value, code, path] of [
  ["schema 1", { schemaVersion: 1, name: "a", fsLayers: [] }, "SCHEMA1_UNSUPPORTED", undefined],
  ["a list", [], "INVALID_MANIFEST", ""],
  ["no version", { ...valid, schemaVersion: undefined }, "INVALID_MANIFEST", "schemaVersion"],
  ["no config", { schemaVersion: 2, layers: [] }, "INVALID_MANIFEST", "config"],
  [
    "a negative size",
    { ...valid, layers: [{ ...valid.config, size: -1 }] },
    "INVALID_MANIFEST",
    "layers.0.size",
  ],
  [
    "a size beyond counting",
    { ...valid, layers: [{ ...valid.config, size: 2 ** 53 }] },
    "INVALID_MANIFEST",
    "layers.0.size",
  ],
  ["half a byte", { ...valid, config: { ...valid.config, size: 0.5 } }, "INVALID_MANIFEST", "config.size"],
  [
    "a size that is text",
    { ...valid, config: { ...valid.config, size: "1" } },
    "INVALID_MANIFEST",
    "config.size",
  ],
  [
    "a digest that is none",
    { ...valid, config: { ...valid.config, digest: "sha256:1" } },
    "INVALID_MANIFEST",
    "config.digest",
  ],
  ["a media type that is none", { ...valid, mediaType: "image" }, "INVALID_MANIFEST", "mediaType"],
  [
    "an annotation that is a number",
    { ...valid, annotations: { a: 1 } },
    "INVALID_MANIFEST",
    "annotations.a",
  ],
  ["an index in one", { ...valid, manifests: [] }, "INVALID_MANIFEST", "manifests"],
  ["schema 1 in one", { ...valid, fsLayers: [] }, "INVALID_MANIFEST", "fsLayers"],
] as const) {
  test(`a manifest with ${why} is refused, and the message tells where`, () => {
    assert.throws(
      () => parseManifest(json(value)),
      (error: unknown) => {
        assert.ok(error instanceof Error && "code" in error && "fields" in error);
        assert.equal(error.code, code, error.message);
        if (path !== undefined) assert.deepEqual(error.fields, { path });
        return true;
      },
    );
  });
}

test("an index with layers or a config is refused, as it would be two things at once", () => {
  for (const extra of [{ layers: [] }, { config: valid.config }]) {
    assert.throws(() => parseIndex(json({ schemaVersion: 2, manifests: [], ...extra })), {
      code: "INVALID_MANIFEST",
    });
  }
});

test("keys that nobody knows stay, in manifests, descriptors and configs", () => {
  const raw = json({ ...valid, "x-top": { a: null }, layers: [{ ...valid.config, "x-layer": 1 }] });
  assert.deepEqual(parseManifest(raw), JSON.parse(raw.toString()));
  const config = json({
    "x-a": 1,
    ...AMD64,
    config: { "x-b": 2 },
    rootfs: { type: "layers", diff_ids: [], "x-c": 3 },
  });
  assert.deepEqual(parseConfig(config), JSON.parse(config.toString()));
});

test("the nulls that Go writes for nothing are read as nothing", () => {
  const manifest = parseManifest(json({ ...valid, layers: null, annotations: null, subject: null }));
  assert.deepEqual(manifest, { schemaVersion: 2, config: valid.config, layers: [] });
  assert.deepEqual(parseIndex(json({ schemaVersion: 2, manifests: null })).manifests, []);
  const config = parseConfig(
    json({
      ...AMD64,
      config: { Cmd: null, Env: null, Volumes: null, Labels: null, Entrypoint: null },
      history: null,
      rootfs: { type: "layers", diff_ids: null },
    }),
  );
  assert.deepEqual(config, { ...AMD64, config: {}, rootfs: { type: "layers", diff_ids: [] } });
});

test("bytes that nobody gave a media type tell it themselves", () => {
  assert.equal(sniffMediaType(json(valid)), MEDIA_TYPES.oci.manifest);
  assert.equal(sniffMediaType(json({ schemaVersion: 2, manifests: [] })), MEDIA_TYPES.oci.index);
  for (const mediaType of [MEDIA_TYPES.docker.manifest, MEDIA_TYPES.docker.index]) {
    assert.equal(sniffMediaType(json({ schemaVersion: 2, mediaType })), mediaType);
  }
});

test("a layer's descriptor keeps its annotations and urls", async () => {
  const store = new MemoryStore();
  const tar = store.put(MEDIA_TYPES.docker.foreignLayerGzip, await tarOf({ a: "x" }));
  const layer = { ...tar, urls: ["https://example.com/a"], annotations: { a: "b" }, "x-y": 1 };
  const image = await store.image({ layers: [], manifest: { layers: [layer] } });
  const [found]: readonly (Layer | undefined)[] = await image.layers();
  assert.deepEqual(found?.known(), layer);
});
