import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { collect, fromBytes } from "@cooper/archive";
import { digestBytes } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import {
  putSample,
  requireProgram,
  run,
  sampleImage,
  sampleIndex,
  sampleReferrer,
  temporaryDirectory,
} from "@cooper/test";
import { openLayout } from "./directory.ts";
import { collectLayout } from "./gc.ts";

async function tagsOf(layout: { tags(): AsyncIterable<string> }): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of layout.tags()) tags.push(tag);
  return tags;
}

function digests(list: readonly Descriptor[]): string[] {
  return list.map(({ digest }) => digest).toSorted();
}

function blobFiles(root: string): string[] {
  return readdirSync(join(root, "blobs", "sha256")).toSorted();
}

function rewriteIndex(root: string, change: (manifests: Record<string, unknown>[]) => unknown): void {
  const path = join(root, "index.json");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this test's own file
  const json = JSON.parse(readFileSync(path, "utf8")) as { manifests: Record<string, unknown>[] };
  writeFileSync(path, JSON.stringify({ ...json, manifests: change(json.manifests) }));
}

test("what is put into a layout can be read back by tag and by digest, and umoci and skopeo read it", async (t) => {
  const root = join(temporaryDirectory(t), "layout");
  const sample = await sampleImage({ seed: "one" });
  const layout = await openLayout(root, { access: "write" });
  await putSample(layout, sample, "v1");
  assert.deepEqual(await tagsOf(layout), ["v1"]);
  const byTag = await layout.resolve({ tag: "v1" });
  assert.equal(byTag.digest, sample.root.digest);
  assert.equal((await layout.resolve({ digest: sample.root.digest })).size, sample.root.size);
  assert.deepEqual(Buffer.from(await layout.manifest(byTag)), sample.manifests[0]?.raw);
  for (const { descriptor, bytes } of sample.blobs.values()) {
    assert.ok(await layout.hasBlob(descriptor));
    assert.deepEqual(await collect(layout.blob(descriptor), { limit: 1e6 }), bytes);
    const range = { offset: 1, length: 2 };
    assert.deepEqual(await collect(layout.blob(descriptor, { range }), { limit: 2 }), bytes.subarray(1, 3));
  }
  await layout.close();
  assert.deepEqual(readdirSync(root).toSorted(), ["blobs", "index.json", "oci-layout"]);
  const umoci = requireProgram(t, "umoci");
  const skopeo = requireProgram(t, "skopeo");
  if (umoci === undefined || skopeo === undefined) return;
  assert.match((await run(umoci, ["stat", "--image", `${root}:v1`])).stdout, /layer 0/);
  const raw = await run(skopeo, ["inspect", "--raw", `oci:${root}:v1`]);
  assert.equal(digestBytes(Buffer.from(raw.stdout)), sample.root.digest);
});

test("a blob that is not what its descriptor says leaves nothing behind", async (t) => {
  const root = join(temporaryDirectory(t), "layout");
  const layout = await openLayout(root, { access: "write" });
  const [blob] = (await sampleImage()).blobs.values();
  assert.ok(blob !== undefined);
  await assert.rejects(
    layout.putBlob(blob.descriptor, () => fromBytes("other")),
    { code: "SIZE_MISMATCH" },
  );
  const other = Buffer.alloc(blob.descriptor.size);
  await assert.rejects(
    layout.putBlob(blob.descriptor, () => fromBytes(other)),
    { code: "DIGEST_MISMATCH" },
  );
  assert.deepEqual(blobFiles(root), []);
  await layout.close();
  assert.equal(existsSync(root), false, "a layout that got nothing is gone");
});

test("a damaged blob is not passed on, and counts as missing where its size is wrong", async (t) => {
  const root = join(temporaryDirectory(t), "layout");
  const layout = await openLayout(root, { access: "write" });
  const sample = await sampleImage();
  await putSample(layout, sample, "v1");
  const [blob] = sample.blobs.values();
  assert.ok(blob !== undefined);
  const path = join(root, "blobs", blob.descriptor.digest.replace(":", "/"));
  const damaged = Buffer.from(blob.bytes);
  damaged.writeUInt8(damaged.readUInt8(9) ^ 1, 9);
  writeFileSync(path, damaged);
  await assert.rejects(collect(layout.blob(blob.descriptor), { limit: 1e6 }), { code: "DIGEST_MISMATCH" });
  writeFileSync(path, blob.bytes.subarray(1));
  assert.equal(await layout.hasBlob(blob.descriptor), false);
  await layout.putBlob(blob.descriptor, () => fromBytes(blob.bytes));
  assert.ok(await layout.hasBlob(blob.descriptor));
  await layout.close();
});

test("a tag moves, and an image may have several", async (t) => {
  const layout = await openLayout(temporaryDirectory(t), { access: "write" });
  const one = await sampleImage({ seed: "one" });
  const two = await sampleImage({ seed: "two" });
  await putSample(layout, one, "a");
  await putSample(layout, one, "b");
  await putSample(layout, two, "a");
  assert.equal((await layout.resolve({ tag: "a" })).digest, two.root.digest);
  assert.equal((await layout.resolve({ tag: "b" })).digest, one.root.digest);
  await layout.deleteTag("b");
  assert.deepEqual(await tagsOf(layout), ["a"]);
  await assert.rejects(layout.deleteTag("b"), { code: "NOT_FOUND" });
  await assert.rejects(layout.resolve({ tag: "b" }), { code: "NOT_FOUND" });
  await layout.deleteManifest(two.root.digest);
  await assert.rejects(layout.resolve({ digest: two.root.digest }), { code: "NOT_FOUND" });
  await layout.close();
});

test("an image that has its tag already is not written again, but where the tag would come to the end", async (t) => {
  const root = temporaryDirectory(t);
  const layout = await openLayout(root, { access: "write" });
  const one = await sampleImage({ seed: "one" });
  const two = await sampleImage({ seed: "two" });
  await putSample(layout, one, "a");
  const written = (): unknown => {
    const { ino, mtimeNs } = statSync(join(root, "index.json"), { bigint: true });
    return { ino, mtimeNs };
  };
  const first = written();
  await putSample(layout, one, "a");
  assert.deepEqual(written(), first);
  await putSample(layout, two, "b");
  assert.notDeepEqual(written(), first);
  await putSample(layout, one, "a");
  const { manifests }: { readonly manifests: readonly Descriptor[] } = JSON.parse(
    readFileSync(join(root, "index.json"), "utf8"),
  );
  assert.deepEqual(
    manifests.map(({ digest }) => digest),
    [two.root.digest, one.root.digest],
  );
  await layout.close();
});

test("files of a layout are read whole, whatever their size", async (t) => {
  const layout = await openLayout(temporaryDirectory(t), { access: "write" });
  for (const size of [0, 1, 64 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024]) {
    const bytes = Buffer.alloc(size, "staves");
    const descriptor = { mediaType: "application/octet-stream", digest: digestBytes(bytes), size };
    await layout.putBlob(descriptor, () => fromBytes(bytes));
    assert.ok((await collect(layout.blob(descriptor), { limit: size })).equals(bytes), `${size} bytes`);
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(collect(layout.blob(descriptor, { signal }), { limit: size }), /enough/);
  }
  await layout.close();
});

test("a layout without tags means its only image, and says what it has where there are several", async (t) => {
  const root = temporaryDirectory(t);
  const layout = await openLayout(root, { access: "write" });
  const one = await sampleImage({ seed: "one" });
  await putSample(layout, one);
  await putSample(layout, sampleReferrer(one.root, { artifactType: "text/x", text: "hello" }));
  assert.equal((await layout.resolveOnly()).digest, one.root.digest, "a referrer is not an image");
  const two = await sampleImage({ seed: "two" });
  await putSample(layout, two, "v2");
  await assert.rejects(layout.resolveOnly(), { code: "REFERENCE_AMBIGUOUS", message: /v2/ });
  await putSample(layout, two, "latest");
  assert.equal((await layout.resolveOnly()).digest, two.root.digest);
  await layout.close();
});

test("an index.json that lists the platforms of one image is that image", async (t) => {
  const root = temporaryDirectory(t);
  const layout = await openLayout(root, { access: "write" });
  const arm = await sampleImage({ seed: "arm", platform: { os: "linux", architecture: "arm64" } });
  const amd = await sampleImage({ seed: "amd", platform: { os: "linux", architecture: "amd64" } });
  await putSample(layout, arm);
  await putSample(layout, amd);
  rewriteIndex(root, (manifests) =>
    manifests.map((entry, i) => ({ ...entry, platform: [arm, amd][i]?.root.platform })),
  );
  const whole = await layout.resolveOnly();
  const raw = await layout.manifest(whole);
  assert.equal(digestBytes(raw), whole.digest);
  assert.deepEqual(Buffer.from(raw), readFileSync(join(root, "index.json")));
  await layout.close();
});

test("containerd's whole names, an index.json of null and tags in a nested index are understood", async (t) => {
  const root = temporaryDirectory(t);
  const layout = await openLayout(root, { access: "write" });
  const one = await sampleImage({ seed: "one" });
  await putSample(layout, one, "3");
  rewriteIndex(root, ([entry]) => [
    {
      ...entry,
      annotations: {
        "io.containerd.image.name": "docker.io/library/alpine:3",
        "org.opencontainers.image.ref.name": "3",
      },
    },
  ]);
  assert.equal((await layout.resolve({ tag: "docker.io/library/alpine:3" })).digest, one.root.digest);
  assert.equal((await layout.resolve({ tag: "3" })).annotations, undefined);

  const tagged = { ...one.root, annotations: { "org.opencontainers.image.ref.name": "inner" } };
  const nested = sampleIndex([{ ...one, root: tagged }]);
  await putSample(layout, nested);
  rewriteIndex(root, (entries) => entries.slice(1));
  assert.equal((await layout.resolve({ tag: "inner" })).digest, one.root.digest);

  writeFileSync(join(root, "index.json"), "null");
  await assert.rejects(layout.resolveOnly(), { code: "NOT_FOUND" });
  writeFileSync(join(root, "index.json"), '{"manifests": [{"digest": "../../etc/passwd"}]}');
  await assert.rejects(layout.resolveOnly(), { code: "LAYOUT_INVALID" });
  writeFileSync(join(root, "index.json"), "{");
  await assert.rejects(layout.resolveOnly(), { code: "LAYOUT_INVALID" });
  await layout.close();
});

test("a blob that is a symlink is read inside the layout and refused where it leaves it", async (t) => {
  const directory = temporaryDirectory(t);
  const root = join(directory, "layout");
  const layout = await openLayout(root, { access: "write" });
  const sample = await sampleImage();
  await putSample(layout, sample, "v1");
  const [blob] = sample.blobs.values();
  assert.ok(blob !== undefined);
  const path = join(root, "blobs", blob.descriptor.digest.replace(":", "/"));
  cpSync(path, join(root, "elsewhere"));
  rmSync(path);
  symlinkSync("../../elsewhere", path);
  assert.deepEqual(await collect(layout.blob(blob.descriptor), { limit: 1e6 }), blob.bytes);
  cpSync(join(root, "elsewhere"), join(directory, "outside"));
  for (const target of ["../../../outside", join(directory, "outside")]) {
    rmSync(path);
    symlinkSync(target, path);
    await assert.rejects(collect(layout.blob(blob.descriptor), { limit: 1e6 }), { code: "LAYOUT_INVALID" });
  }
  await layout.close();
});

test("referrers are found by their subject; an index's own children are none", async (t) => {
  const layout = await openLayout(temporaryDirectory(t), { access: "write" });
  const child = await sampleImage({ seed: "child" });
  const index = sampleIndex([child]);
  await putSample(layout, index, "v1");
  const signature = sampleReferrer(index.root, { artifactType: "text/sig", text: "signed" });
  const sbom = sampleReferrer(index.root, { artifactType: "text/sbom", text: "parts" });
  await putSample(layout, signature);
  await putSample(layout, sbom);
  const found = await layout.referrers(index.root.digest);
  assert.deepEqual(digests(found), digests([signature.root, sbom.root]));
  const [only] = await layout.referrers(index.root.digest, { artifactType: "text/sig" });
  assert.equal(only?.artifactType, "text/sig");
  assert.deepEqual(only?.annotations, { "org.example.note": "signed" });
  assert.deepEqual(await layout.referrers(child.root.digest), []);
  await layout.close();
});

test("gc removes what nothing names, and a referrer with its subject, and waits for nobody", async (t) => {
  const root = temporaryDirectory(t);
  const layout = await openLayout(root, { access: "write" });
  const one = await sampleImage({ seed: "one" });
  const two = await sampleImage({ seed: "two" });
  await putSample(layout, one, "one");
  await putSample(layout, two, "two");
  await putSample(layout, sampleReferrer(one.root, { artifactType: "text/x", text: "about one" }));
  await putSample(layout, sampleReferrer(two.root, { artifactType: "text/x", text: "about two" }));
  writeFileSync(join(root, ".cooper-0123456789abcdef.part"), "left by a killed writer");
  await assert.rejects(collectLayout(root), { code: "BUSY", kind: "passing" });
  await layout.deleteTag("one");
  await layout.close();
  const collected = await collectLayout(root);
  // One's two layers, config and manifest; its referrer's layer and manifest (the empty config is two's as well).
  assert.equal(collected.removed, 6);
  assert.equal(collected.kept, blobFiles(root).length);
  assert.equal(existsSync(join(root, ".cooper-0123456789abcdef.part")), false);
  const again = await openLayout(root);
  assert.equal((await again.referrers(two.root.digest)).length, 1);
  assert.equal((await again.referrers(one.root.digest)).length, 0);
  await again.close();
});

test("what is no layout is refused before anything is written", async (t) => {
  const directory = temporaryDirectory(t);
  await assert.rejects(openLayout(join(directory, "missing")), { code: "NOT_FOUND" });
  writeFileSync(join(directory, "file"), "");
  await assert.rejects(openLayout(join(directory, "file")), { code: "LAYOUT_INVALID" });
  mkdirSync(join(directory, "sources"));
  writeFileSync(join(directory, "sources", "main.c"), "");
  await assert.rejects(openLayout(join(directory, "sources"), { access: "write" }), {
    code: "LAYOUT_INVALID",
  });
  assert.deepEqual(readdirSync(join(directory, "sources")), ["main.c"]);
});
