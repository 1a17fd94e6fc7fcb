import assert from "node:assert/strict";
import { test } from "node:test";
import {
  append,
  makeIndex,
  validate,
  withCompression,
  withConfig,
  withEnv,
  withLabels,
  withMediaTypes,
} from "../index.ts";
import type { Content } from "../index.ts";
import { ARM64, MemoryStore } from "../memory.fixture.ts";

test("a change on chosen platforms leaves the others, and their attestations, byte for byte", async () => {
  const store = new MemoryStore();
  const before = await store.index();
  const after = withLabels(before, { a: "b" }, { platforms: [{ os: "linux", architecture: "arm64" }] });
  const [old, now] = [(await before.manifest()).manifests, (await after.manifest()).manifests];
  assert.deepEqual(now[0], old[0]);
  assert.notEqual(now[1]?.digest, old[1]?.digest);
  assert.deepEqual(now.slice(2), [old[2], old[4]], "the attestation of what changed is gone");
  assert.deepEqual((await after.manifest()).annotations, { top: "kept" });
  assert.deepEqual(await validate(await store.rewrite(after)), []);
});

test("attestations that are kept name the new image, also after a second change", async () => {
  const store = new MemoryStore();
  const scope = { attestations: "keep" } as const;
  const index = withEnv(withLabels(await store.index(), { a: "b" }, scope), { A: "b" }, scope);
  const { manifests } = await index.manifest();
  assert.deepEqual(
    manifests.slice(2, 4).map(({ annotations }) => annotations?.["vnd.docker.reference.digest"]),
    manifests.slice(0, 2).map(({ digest }) => digest),
  );
  assert.deepEqual(await validate(await store.rewrite(index)), []);
});

test("an index in an index is changed too, and one where nothing changes keeps its digest", async () => {
  const store = new MemoryStore();
  const inner = makeIndex({ manifests: [await store.image()] });
  const outer = makeIndex({ manifests: [inner, await store.image({ platform: ARM64 })] });
  const changed = withLabels(outer, { a: "b" });
  assert.notEqual((await changed.manifest()).manifests[0]?.digest, await inner.digest());
  const other = withLabels(outer, { a: "b" }, { platforms: [ARM64] });
  assert.equal((await other.manifest()).manifests[0]?.digest, await inner.digest());
  assert.deepEqual(await validate(await store.rewrite(changed)), []);
});

test("a change that changes nothing keeps the bytes", async () => {
  const store = new MemoryStore();
  for (const content of [await store.image(), await store.index()]) {
    for (const same of [
      withMediaTypes<Content>(content, "oci"),
      withCompression<Content>(content, { compression: "gzip" }),
      append<Content>(content, []),
      withConfig<Content>(content, (config) => config),
    ]) {
      assert.equal(await same.digest(), await content.digest());
    }
  }
});
