import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, fromBytes } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import {
  completeLayer,
  describeBytes,
  digestBytes,
  layerFromBlob,
  makeLayer,
  MEDIA_TYPES,
  parseDiffId,
  validate,
} from "./index.ts";
import type { Layer } from "./index.ts";
import { MemoryStore, tarOf } from "./memory.fixture.ts";

const limit = 2 ** 28;
const all = async (stream: ByteStream): Promise<Buffer> => await collect(stream, { limit });

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

test("a layer's descriptor keeps its annotations and urls", async () => {
  const store = new MemoryStore();
  const tar = store.put(MEDIA_TYPES.docker.foreignLayerGzip, await tarOf({ a: "x" }));
  const layer = { ...tar, urls: ["https://example.com/a"], annotations: { a: "b" }, "x-y": 1 };
  const image = await store.image({ layers: [], manifest: { layers: [layer] } });
  const [found]: readonly (Layer | undefined)[] = await image.layers();
  assert.deepEqual(found?.known(), layer);
});
