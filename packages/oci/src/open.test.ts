import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeBytes,
  MAX_INDEX_NESTING,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  openContent,
  validate,
} from "./index.ts";
import type { ContentReader } from "./index.ts";
import { AMD64, asImage, asIndex, MemoryStore } from "./memory.fixture.ts";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

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
