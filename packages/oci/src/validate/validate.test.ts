import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { fromBytes } from "@cooper/archive";
import {
  completeLayer,
  describeBytes,
  digestBytes,
  makeArtifact,
  makeImage,
  makeIndex,
  makeLayer,
  MEDIA_TYPES,
  openContent,
  validate,
} from "../index.ts";
import type { Content, Descriptor, Mismatch } from "../index.ts";
import { AMD64, ARM64, asImage, MemoryStore, tarOf } from "../memory.fixture.ts";
import type { StoredOptions } from "../memory.fixture.ts";

/** A store that believes whatever it holds, as a careless source would. */
class CarelessStore extends MemoryStore {
  override blob(descriptor: Descriptor): ReturnType<MemoryStore["blob"]> {
    this.opened.push(descriptor.digest);
    return fromBytes(this.bytes.get(descriptor.digest) ?? "");
  }
}

const brief = (mismatches: readonly Mismatch[]): readonly string[] =>
  mismatches.map(({ where, what }) => [...where, what].join(" "));

for (const format of ["oci", "docker"] as const) {
  for (const compression of ["none", "gzip", "zstd"] as const) {
    if (format === "docker" && compression === "zstd") continue;
    test(`a ${format} image of ${compression} layers is valid, and each layer is read once`, async () => {
      const store = new MemoryStore();
      const image = await store.image({ format, compression });
      assert.deepEqual(await validate(image, { depth: "fast" }), []);
      assert.equal(store.opened.length, 1, "the config");
      assert.deepEqual(await validate(image), []);
      assert.equal(store.opened.length, 3, "and two layers");
    });
  }
}

test("an index with attestations and an artifact is valid, and a layer that two images have is read once", async () => {
  const store = new MemoryStore();
  assert.deepEqual(await validate(await store.index()), []);
  const times = new Map<string, number>();
  for (const digest of store.opened) times.set(digest, (times.get(digest) ?? 0) + 1);
  assert.deepEqual([...new Set(times.values())], [1]);
});

test("a layer that is still to be made is made once", async () => {
  const tar = await tarOf({ a: "x" });
  let made = 0;
  const image = makeImage({
    config: { ...AMD64 },
    layers: [makeLayer({ tar: () => (made++, fromBytes(tar)) })],
  });
  assert.deepEqual(await validate(image), []);
  assert.equal(made, 1);
});

/** What a broken image has in place of a good one's, and what is reported, in a fast and in a full check. */
const BROKEN: readonly (readonly [
  name: string,
  options: StoredOptions,
  fast: readonly string[],
  full: readonly string[],
])[] = [
  ["a diffID too few", { config: { rootfs: { type: "layers", diff_ids: [] } } }, ["config"], ["config"]],
  [
    "diffIDs of other layers",
    {
      config: {
        rootfs: { type: "layers", diff_ids: [digestBytes(Buffer.from("a")), digestBytes(Buffer.from("b"))] },
      },
    },
    [],
    ["layer 0 diff-id", "layer 1 diff-id"],
  ],
  [
    "history that counts another number of layers",
    { history: [{ created_by: "a" }] },
    ["history"],
    ["history"],
  ],
  [
    "no platform",
    { config: { os: "", architecture: "" } },
    ["platform", "platform"],
    ["platform", "platform"],
  ],
];

for (const [name, options, fast, full] of BROKEN) {
  test(`an image with ${name} is reported`, async () => {
    const image = await new MemoryStore().image(options);
    assert.deepEqual(brief(await validate(image, { depth: "fast" })), fast);
    assert.deepEqual(brief(await validate(image)), full);
  });
}

test("all that is wrong is reported at once, with both answers", async () => {
  const image = await new MemoryStore().image({
    history: [{}],
    config: { architecture: "", rootfs: { type: "layers", diff_ids: [digestBytes(Buffer.from("a"))] } },
  });
  const mismatches = await validate(image);
  assert.deepEqual(brief(mismatches), ["layer 0 diff-id", "config", "history", "platform"]);
  const [, config] = mismatches;
  assert.equal(config?.message, "manifest().layers.length=2, config().rootfs.diff_ids.length=1");
  assert.match(
    mismatches[0]?.message ?? "",
    /^layer 0: diffId\(\)=sha256:[0-9a-f]+, hash of tar\(\)=sha256:[0-9a-f]+$/,
  );
});

async function withLayer(
  store: MemoryStore,
  mediaType: string,
  bytes: Uint8Array,
  claims: object = {},
): Promise<Content> {
  const tar = await tarOf({ a: "x" });
  const layer = { ...store.put(mediaType, bytes), ...claims };
  return await store.image({
    layers: [{ a: "x" }],
    manifest: { layers: [layer] },
    config: { rootfs: { type: "layers", diff_ids: [digestBytes(tar)] } },
  });
}

test("a layer that is not what its media type says is reported, and one that is nothing", async () => {
  const store = new MemoryStore();
  const tar = await tarOf({ a: "x" });
  const check = async (mediaType: string, bytes: Uint8Array): Promise<readonly string[]> =>
    brief(await validate(await withLayer(store, mediaType, bytes)));
  const { layer, layerGzip, layerZstd } = MEDIA_TYPES.oci;
  assert.deepEqual(await check(layerGzip, tar), ["layer 0 compression"]);
  assert.deepEqual(await check(layerZstd, gzipSync(tar)), ["layer 0 compression"]);
  assert.deepEqual(await check(layer, zstdCompressSync(tar)), ["layer 0 compression"]);
  assert.deepEqual(await check(layerGzip, gzipSync(Buffer.from("no tar at all".repeat(100)))), [
    "layer 0 tar",
    "layer 0 diff-id",
  ]);
  assert.deepEqual(await check(layer, Buffer.alloc(2000, "x")), ["layer 0 tar", "layer 0 diff-id"]);
  assert.deepEqual(await check(layerGzip, gzipSync(tar).subarray(0, -5)), ["layer 0 tar"]);
  const badChecksum = gzipSync(tar);
  badChecksum[badChecksum.length - 6] = 1 ^ (badChecksum[badChecksum.length - 6] ?? 0);
  assert.deepEqual(await check(layerGzip, badChecksum), ["layer 0 tar"]);
  const hollow = tar.subarray(0, 512);
  assert.deepEqual(await check(layer, hollow), ["layer 0 tar", "layer 0 diff-id"]);
});

test("a source that does not check what it gives is found out", async () => {
  const store = new CarelessStore();
  const image = await store.image({ compression: "none" });
  const [first, second] = (await image.manifest()).layers;
  assert.ok(first && second);
  const other = Buffer.from(await tarOf({ a: "other" }));
  store.bytes.set(first.digest, other);
  store.bytes.set(second.digest, Buffer.concat([store.bytes.get(second.digest) ?? other, Buffer.alloc(512)]));
  assert.deepEqual(brief(await validate(image)), [
    "layer 0 digest",
    "layer 0 diff-id",
    "layer 1 size",
    "layer 1 digest",
    "layer 1 diff-id",
  ]);
});

test("what a source cannot give is reported, and the rest is still checked", async () => {
  const store = new MemoryStore();
  const image = await store.image();
  const { config, layers } = await image.manifest();
  const rawConfig = Buffer.from(store.bytes.get(config.digest) ?? "");
  store.bytes.delete(layers[0]?.digest ?? "");
  store.bytes.delete(config.digest);
  const { digest } = layers[0] ?? config;
  const found = await validate(openContent(store, await image.descriptor()));
  assert.deepEqual(
    found.map(({ message }) => message),
    [`layers() fails: there is no blob ${config.digest}`],
  );
  store.put(config.mediaType, rawConfig);
  const second = await validate(openContent(store, await image.descriptor()));
  assert.deepEqual(
    second.map(({ message }) => message),
    [`layer 0: open() fails: there is no blob ${digest}`],
  );
});

test("a layer with another size or digest than its manifest says is reported by the source's check too", async () => {
  const store = new MemoryStore();
  const tar = await tarOf({ a: "x" });
  const sizes = await withLayer(store, MEDIA_TYPES.oci.layer, tar, { size: tar.length - 1 });
  assert.deepEqual(brief(await validate(sizes)), ["layer 0 unreadable"]);
  assert.deepEqual(brief(await validate(sizes, { depth: "fast" })), []);
});

test("an index whose entries are not as they say is reported", async () => {
  const store = new MemoryStore();
  const image = await store.putImage({ platform: ARM64 });
  const check = async (...entries: readonly object[]): Promise<readonly string[]> =>
    brief(await validate(store.openIndex(entries.map((entry) => ({ ...image, ...entry })))));
  assert.deepEqual(await check({ platform: AMD64 }), ["linux/amd64 platform"]);
  assert.deepEqual(await check({ platform: { ...ARM64, variant: "v9" } }), ["linux/arm64/v9 platform"]);
  assert.deepEqual(await check({ platform: { os: "linux", architecture: "aarch64" } }), []);
  assert.deepEqual(await check({ platform: undefined }), []);
  assert.ok((await check({ size: image.size + 1 })).length > 0);
  assert.ok((await check({ mediaType: MEDIA_TYPES.docker.manifest })).includes("linux/arm64/v8 media-type"));
  assert.deepEqual(await check({ ...store.attestation(digestBytes(Buffer.from("gone"))) }), [
    "manifest 0 (attestation) attestation",
  ]);
});

test("an index in an index is checked", async () => {
  const store = new MemoryStore();
  const bad = await store.putImage({ history: [{}] });
  const inner = await store.openIndex([bad]).descriptor();
  const outer = makeIndex({ manifests: [asImage(await store.image()), openContent(store, inner)] });
  const found = await validate(outer);
  assert.deepEqual(
    found.map(({ where, what }) => [where.length, what]),
    [[2, "history"]],
  );
});

test("layers that may not be distributed are not read, and blobs of an artifact are, but not as tars", async () => {
  const store = new MemoryStore();
  const gone = describeBytes(MEDIA_TYPES.docker.foreignLayerGzip, Buffer.from("it is elsewhere"));
  const foreign = await store.image({
    layers: [{ a: "x" }],
    manifest: { layers: [{ ...gone, urls: ["https://example.com/"] }] },
  });
  assert.deepEqual(await validate(foreign), []);
  const descriptor = describeBytes("text/plain", Buffer.from("it"));
  const note = (text: string): Content =>
    makeArtifact({
      artifactType: "a/b",
      blobs: [completeLayer({ descriptor, open: () => fromBytes(text) })],
    });
  assert.deepEqual(await validate(note("it")), []);
  assert.deepEqual(brief(await validate(note("no"))), ["layer 0 digest"]);
});

test("a check that is cancelled stops, and says no more", async () => {
  const store = new MemoryStore();
  const image = await store.image();
  await assert.rejects(validate(image, { signal: AbortSignal.abort() }), { name: "AbortError" });
});
