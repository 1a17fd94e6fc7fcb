import assert from "node:assert/strict";
import { test } from "node:test";
import { readTar } from "@cooper/archive";
import { builtOn, makeIndex, rebase, validate } from "../index.ts";
import type { Image, Index } from "../index.ts";
import { AMD64, ARM64, imagesOf, MemoryStore } from "../memory.fixture.ts";

async function pathsOf(image: Image): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const layer of await image.layers())
    for await (const { path } of readTar(layer.tar())) paths.push(path);
  return paths;
}

const diffIdsOf = async (index: Index): Promise<unknown> =>
  await Promise.all((await imagesOf(index)).map(async (image) => (await image.config()).rootfs.diff_ids));

test("an image moves to another base, with its own layers, steps and way to start", async () => {
  const store = new MemoryStore();
  const emptyStep = { created_by: "CMD", empty_layer: true };
  const oldBase = await store.image({ layers: [{ os: "1" }], history: [{ created_by: "old" }, emptyStep] });
  const newBase = await store.image({
    layers: [{ os: "2" }, { more: "x" }],
    history: [{ created_by: "new 0" }, { created_by: "new 1" }],
  });
  const image = await store.image({
    layers: [{ os: "1" }, { app: "a" }],
    history: [{ created_by: "old" }, emptyStep, { created_by: "app" }],
    config: { config: { Cmd: ["app"] } },
  });
  const moved = await store.rewrite(
    rebase(image, oldBase, newBase, { baseName: "docker.io/library/base:2" }),
  );
  assert.deepEqual(await validate(moved), []);
  assert.deepEqual(await pathsOf(moved), ["os", "more", "app"]);
  const { history, config } = await moved.config();
  assert.deepEqual(
    history?.map(({ created_by: by }) => by),
    ["new 0", "new 1", "app"],
  );
  assert.deepEqual(config?.Cmd, ["app"]);
  assert.deepEqual((await moved.manifest()).annotations, {
    "org.opencontainers.image.base.digest": await newBase.digest(),
    "org.opencontainers.image.base.name": "docker.io/library/base:2",
  });
  await assert.rejects(rebase(image, newBase, oldBase).raw(), { code: "NOT_THE_BASE" });
  await assert.rejects(rebase(oldBase, image, newBase).raw(), { code: "NOT_THE_BASE" });
});

test("every platform of an index moves to the base of its platform", async () => {
  const store = new MemoryStore();
  const both = async (layersFor: (name: string) => readonly Record<string, string>[]): Promise<Index> => {
    const manifests = [];
    for (const platform of [AMD64, ARM64]) {
      manifests.push(await store.image({ platform, layers: layersFor(platform.architecture) }));
    }
    return makeIndex({ manifests });
  };
  const oldBase = await both((name) => [{ os: `1 ${name}` }]);
  const newBase = await both((name) => [{ os: `2 ${name}` }]);
  const app = await both((name) => [{ os: `1 ${name}` }, { app: name }]);
  const moved = await store.rewrite(rebase(app, oldBase, newBase));
  assert.deepEqual(await validate(moved), []);
  const expected = await both((name) => [{ os: `2 ${name}` }, { app: name }]);
  assert.deepEqual(await diffIdsOf(moved), await diffIdsOf(expected));
  const [onlyAmd64] = await imagesOf(newBase);
  assert.ok(onlyAmd64);
  await assert.rejects(rebase(app, oldBase, makeIndex({ manifests: [onlyAmd64] })).raw(), {
    code: "NO_SUCH_PLATFORM",
  });
});

test("what an image has from its old base it gets from the new one, and what it set itself stays", async () => {
  const store = new MemoryStore();
  const on = async (os: string, config: object): Promise<Image> =>
    await store.image({ layers: [{ os }], config: { config } });
  const oldBase = await on("1", {
    Env: ["PATH=/usr/bin", "PYTHON_VERSION=3.11", "ONLY_OLD=1", "MODE=slow", "TAKEN_AWAY=1"],
    Labels: { version: "1", vendor: "base" },
  });
  const newBase = await on("2", {
    Env: ["PATH=/usr/bin", "PYTHON_VERSION=3.12", "MODE=medium", "ONLY_NEW=1", "TAKEN_AWAY=2"],
    Labels: { version: "2" },
  });
  const image = await store.image({
    layers: [{ os: "1" }, { app: "a" }],
    config: {
      config: {
        Env: ["PATH=/app:/usr/bin", "PYTHON_VERSION=3.11", "ONLY_OLD=1", "MODE=fast", "APP=1"],
        Labels: { version: "1", vendor: "base", app: "yes" },
        User: "1000",
      },
    },
  });
  const { config } = await (await store.rewrite(rebase(image, oldBase, newBase))).config();
  assert.deepEqual(config, {
    Env: ["PATH=/app:/usr/bin", "PYTHON_VERSION=3.12", "MODE=fast", "ONLY_NEW=1", "APP=1"],
    Labels: { version: "2", app: "yes" },
    User: "1000",
  });
  const onlyTheBases = await on("1", { Env: ["MODE=slow"], Labels: { vendor: "base" }, User: "1000" });
  const bare = await on("2", {});
  const rebased = await (await store.rewrite(rebase(onlyTheBases, oldBase, bare))).config();
  assert.deepEqual(rebased.config, { User: "1000" });
});

test("an image says what it was built on, an index for each of its images", async () => {
  const store = new MemoryStore();
  const image = await store.image({ manifest: note("sha256:1") });
  const other = await store.image({ platform: ARM64, manifest: note("sha256:2") });
  const silent = await store.image({ platform: ARM64 });
  const name = "docker.io/library/base:1";
  assert.deepEqual(await builtOn(image), [{ name, digest: "sha256:1" }]);
  assert.deepEqual(await builtOn(makeIndex({ manifests: [image, other] })), [
    { name, digest: "sha256:1" },
    { name, digest: "sha256:2" },
  ]);
  assert.deepEqual(await builtOn(makeIndex({ manifests: [image, silent] })), []);
});

function note(digest: string): object {
  return {
    annotations: {
      "org.opencontainers.image.base.name": "docker.io/library/base:1",
      "org.opencontainers.image.base.digest": digest,
    },
  };
}
