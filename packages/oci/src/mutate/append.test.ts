import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBytes, readTar } from "@cooper/archive";
import { append, makeLayer, MEDIA_TYPES, validate } from "../index.ts";
import type { Image, Layer } from "../index.ts";
import { imagesOf, MemoryStore, tarOf } from "../memory.fixture.ts";

async function newLayer(
  text: string,
  compression: "gzip" | "zstd" = "gzip",
): Promise<Layer & { made: () => number }> {
  const tar = await tarOf({ [`new-${text}`]: text });
  let made = 0;
  return { ...makeLayer({ tar: () => (made++, fromBytes(tar)), compression }), made: () => made };
}

async function pathsOf(image: Image): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const layer of await image.layers())
    for await (const { path } of readTar(layer.tar())) paths.push(path);
  return paths;
}

test("a layer appended to every platform of an index is made once", async () => {
  const store = new MemoryStore();
  const layer = await newLayer("a");
  const index = append(await store.index(), [{ layer, history: { created_by: "me" } }]);
  const written = await store.rewrite(index);
  assert.equal(layer.made(), 2, "once for each image that is written here, and never to learn its digest");
  for (const image of await imagesOf(written)) {
    assert.ok((await pathsOf(image)).includes("new-a"));
    assert.deepEqual((await image.config()).history?.at(-1), { created_by: "me" });
  }
});

test("a layer appended to an image without history gives every layer an entry", async () => {
  const store = new MemoryStore();
  const image = append(await store.image({ history: [] }), [await newLayer("a")]);
  assert.deepEqual((await image.config()).history, [{}, {}, { created_by: "cooper append" }]);
  assert.deepEqual(await validate(image), []);
});

test("a layer appended to a Docker image gets Docker's media type, and zstd has none", async () => {
  const store = new MemoryStore();
  const docker = await store.image({ format: "docker" });
  const image = append(docker, [await newLayer("a")]);
  assert.equal((await image.layers()).at(-1)?.mediaType, MEDIA_TYPES.docker.layerGzip);
  assert.deepEqual(await validate(await store.rewrite(image)), []);
  await assert.rejects(append(docker, [await newLayer("a", "zstd")]).raw(), { code: "UNREPRESENTABLE" });
});
