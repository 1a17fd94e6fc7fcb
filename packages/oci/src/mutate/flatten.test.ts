import assert from "node:assert/strict";
import { test } from "node:test";
import { readTar } from "@cooper/archive";
import { flatten, squash, validate } from "../index.ts";
import type { Image } from "../index.ts";
import { MemoryStore } from "../memory.fixture.ts";

async function pathsOf(image: Image): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const layer of await image.layers())
    for await (const { path } of readTar(layer.tar())) paths.push(path);
  return paths;
}

test("a flattened image has one layer and one step, which names the old digest", async () => {
  const store = new MemoryStore();
  const image = await store.image({
    layers: [
      { a: "1", b: "2" },
      { ".wh.a": "", c: "3" },
    ],
  });
  const flat = await store.rewrite(flatten(image, { compression: "zstd" }));
  assert.deepEqual((await pathsOf(flat)).toSorted(), ["b", "c"]);
  const { history } = await flat.config();
  assert.deepEqual(history, [
    {
      created: "2024-05-06T07:08:09Z",
      created_by: "cooper flatten",
      comment: `flattened from ${await image.digest()}`,
    },
  ]);
  assert.equal(
    await flatten(image, { compression: "zstd" }).digest(),
    await flat.digest(),
    "it is the same each time",
  );
});

test("a squash keeps the layers around it, and history keeps its steps", async () => {
  const store = new MemoryStore();
  const image = await store.image({
    layers: [{ a: "1", b: "2" }, { c: "3" }, { ".wh.a": "", d: "4" }, { e: "5" }],
    history: [
      { created_by: "0" },
      { created_by: "1" },
      { created_by: "env", empty_layer: true },
      { created_by: "2" },
      { created_by: "3" },
    ],
  });
  const squashed = await store.rewrite(squash(image, { from: 1, to: 3 }));
  const [before, after] = [await image.layers(), await squashed.layers()];
  assert.deepEqual(
    [after.length, after[0]?.known(), after[2]?.known()],
    [3, before[0]?.known(), before[3]?.known()],
  );
  assert.deepEqual(await pathsOf(squashed), ["a", "b", ".wh.a", "c", "d", "e"]);
  const steps = (await squashed.config()).history?.map(({ created_by: by }) => by);
  assert.deepEqual(steps, ["0", "env", "cooper squash", "3"]);
  assert.deepEqual(await validate(squashed), []);
  for (const [from, to] of [
    [2, 2],
    [3, 1],
    [-1, 2],
    [0, 5],
    [0.5, 2],
  ] as const) {
    await assert.rejects(squash(image, { from, to }).raw(), { code: "INVALID_RANGE" });
  }
});
