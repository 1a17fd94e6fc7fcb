import assert from "node:assert/strict";
import { test } from "node:test";
import { readTar } from "@cooper/archive";
import type { TarInput } from "@cooper/archive";
import {
  validate,
  withAnnotations,
  withConfig,
  withEnv,
  withLabels,
  withPlatform,
  withSubject,
  withTime,
} from "../index.ts";
import type { Content, Image } from "../index.ts";
import { AMD64, ARM64, MemoryStore } from "../memory.fixture.ts";

const fileOf = (seconds: number): Omit<TarInput, "path"> => ({
  type: "file",
  bytes: Buffer.from("x"),
  mtime: { seconds, nanoseconds: 5 },
});

const timesOf = async (changed: Image): Promise<unknown> => {
  const found = [];
  for (const layer of await changed.layers()) {
    for await (const { mtime } of readTar(layer.tar())) found.push(mtime.seconds + mtime.nanoseconds / 1e9);
  }
  return found;
};

test("labels and variables are set in place, added at the end, and removed", async () => {
  const image = await new MemoryStore().image({
    config: { config: { Env: ["A=1", "PATH=/bin", "B=2", "NO_VALUE"], Labels: { x: "1" } } },
  });
  const env = withEnv(image, { PATH: "/usr/bin", B: undefined, C: "", NO_VALUE: "1" });
  assert.deepEqual((await env.config()).config?.Env, ["A=1", "PATH=/usr/bin", "NO_VALUE=1", "C="]);
  const labels = withLabels(image, { x: undefined });
  assert.equal((await labels.config()).config?.Labels, undefined);
});

test("a changed config cannot lie about its layers", async () => {
  const image = withConfig(await new MemoryStore().image(), (config) => ({
    ...config,
    rootfs: { type: "layers", diff_ids: [] },
  }));
  assert.deepEqual(await validate(image), []);
});

test("annotations go where they are wanted, and undefined takes one away", async () => {
  const store = new MemoryStore();
  const index = withAnnotations(await store.index(), { new: "1", top: undefined }, { on: "index" });
  assert.deepEqual((await index.manifest()).annotations, { new: "1" });
  const entries = withAnnotations(
    await store.index(),
    { new: "1" },
    { on: "descriptor", attestations: "keep" },
  );
  const before = (await (await store.index()).manifest()).manifests;
  const after = (await entries.manifest()).manifests;
  assert.deepEqual(
    after.map(({ digest }) => digest),
    before.map(({ digest }) => digest),
    "the images are the same",
  );
  assert.deepEqual(after[0]?.annotations, { new: "1" });
  assert.equal(after.length, before.length, "and so their attestations hold");
  const image = withAnnotations(await store.image(), { new: "1" }, { on: "descriptor" });
  assert.deepEqual((await image.descriptor()).annotations, { new: "1" });
  assert.throws(() => withAnnotations(image, { a: "b" }, { on: "index" }), { code: "MEDIA_TYPE" });
  const docker = withAnnotations(await store.image({ format: "docker" }), { a: "b" });
  await assert.rejects(docker.raw(), { code: "UNREPRESENTABLE" });
});

test("a time is in the config, its history and, on request, the files", async () => {
  const store = new MemoryStore();
  const image = await store.image({ layers: [{ old: fileOf(10), late: fileOf(5000) }] });
  const time = new Date(2_000_500);
  const kept = withTime(image, time);
  const { created, history } = await kept.config();
  assert.deepEqual(
    [created, history],
    ["1970-01-01T00:33:20.500Z", [{ created: "1970-01-01T00:33:20.500Z", created_by: "step 0" }]],
  );
  assert.equal((await kept.layers())[0], (await image.layers())[0]);
  assert.deepEqual(await timesOf(withTime(image, time, { files: "clamp" })), [10.000000005, 2000.5]);
  assert.deepEqual(await timesOf(withTime(image, time, { files: "set" })), [2000.5, 2000.5]);
});

test("a subject is named without what its own descriptor says besides, and is taken away again", async () => {
  const store = new MemoryStore();
  const subject = await store.index();
  for (const content of [await store.image(), await store.index()]) {
    const about = withSubject<Content>(content, subject);
    const { mediaType, digest, size } = await subject.descriptor();
    assert.deepEqual((await about.manifest()).subject, { mediaType, digest, size });
    assert.deepEqual(await validate(await store.rewrite(about)), []);
    assert.equal((await withSubject<Content>(about, undefined).manifest()).subject, undefined);
  }
});

test("a platform is told by the config, the descriptor and the index", async () => {
  const store = new MemoryStore();
  const image = withPlatform(await store.image({ platform: ARM64 }), { os: "linux", architecture: "x86_64" });
  assert.deepEqual((await image.descriptor()).platform, AMD64);
  assert.equal((await image.config()).variant, undefined);
  const index = withPlatform(
    await store.index(),
    { os: "freebsd", architecture: "amd64" },
    { platforms: [AMD64] },
  );
  assert.deepEqual((await index.manifest()).manifests[0]?.platform, { os: "freebsd", architecture: "amd64" });
  assert.deepEqual(await validate(await store.rewrite(index)), []);
});
