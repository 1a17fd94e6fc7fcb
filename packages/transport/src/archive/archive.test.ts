import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { collect, fromBytes, writeFileAtomic, writeTar } from "@cooper/archive";
import type { TarInput } from "@cooper/archive";
import { digestBytes, parseConfig, parseManifest } from "@cooper/oci";
import {
  putSample,
  requireProgram,
  run,
  sampleImage,
  sampleIndex,
  sampleReferrer,
  temporaryDirectory,
} from "@cooper/test";
import type { SampleImage } from "@cooper/test";
import { openLayout } from "../layout/directory.ts";
import { LayoutRepository } from "../layout/repository.ts";
import type { Repository } from "../repository.ts";
import { DockerArchive } from "./docker-archive.ts";
import { DockerArchiveWriter } from "./docker-writer.ts";
import { FileSink } from "./sink.ts";
import { TarFiles } from "./tar-files.ts";
import { ArchiveWriter } from "./writer.ts";

async function writeOci(path: string, sample: SampleImage, tag?: string): Promise<void> {
  const writer = new ArchiveWriter(new FileSink(path, path));
  await putSample(writer, sample, tag);
  await writer.finish();
}

async function writeDocker(path: string, sample: SampleImage, tag?: string): Promise<void> {
  const writer = new DockerArchiveWriter(new FileSink(path, path));
  await putSample(writer, sample, tag);
  await writer.finish();
}

async function readOci(path: string): Promise<LayoutRepository> {
  return new LayoutRepository(await TarFiles.open(path, path));
}

async function readDocker(path: string): Promise<DockerArchive> {
  return await DockerArchive.open(await TarFiles.open(path, path));
}

async function writeTarFile(path: string, members: readonly TarInput[]): Promise<void> {
  writeFileSync(path, await collect(writeTar(members), { limit: 1e9 }));
}

async function assertHolds(repository: Repository, sample: SampleImage): Promise<void> {
  for (const { descriptor, raw } of sample.manifests) {
    assert.deepEqual(Buffer.from(await repository.manifest(descriptor)), raw);
  }
  for (const { descriptor, bytes } of sample.blobs.values()) {
    assert.deepEqual(await collect(repository.blob(descriptor), { limit: 1e7 }), bytes);
  }
}

test("an OCI archive gives back what was put in, and the same blobs make the same bytes", async (t) => {
  const directory = temporaryDirectory(t);
  const index = sampleIndex([
    await sampleImage({ seed: "a", layerBytes: 100_000 }),
    await sampleImage({ seed: "b", platform: { os: "linux", architecture: "arm64" } }),
  ]);
  await writeOci(join(directory, "one.tar"), index, "v1");
  await writeOci(join(directory, "two.tar"), index, "v1");
  assert.deepEqual(readFileSync(join(directory, "one.tar")), readFileSync(join(directory, "two.tar")));
  const archive = await readOci(join(directory, "one.tar"));
  assert.equal((await archive.resolve({ tag: "v1" })).digest, index.root.digest);
  await assertHolds(archive, index);
  await archive.close();
  assert.deepEqual(readdirSync(directory).toSorted(), ["one.tar", "two.tar"]);
});

test("an OCI archive is read whatever it is compressed with and whoever packed it", async (t) => {
  const directory = temporaryDirectory(t);
  const sample = await sampleImage({ layerBytes: 50_000 });
  const path = join(directory, "image.tar");
  await writeOci(path, sample, "v1");
  const plain = readFileSync(path);
  writeFileSync(join(directory, "gzip"), gzipSync(plain));
  writeFileSync(join(directory, "zstd"), zstdCompressSync(plain));
  const tar = requireProgram(t, "tar");
  if (tar === undefined) return;
  await run(tar, ["-C", directory, "--one-top-level=unpacked", "-xf", path]);
  await run(tar, ["-C", join(directory, "unpacked"), "-cf", join(directory, "dots"), "."]);
  for (const name of ["gzip", "zstd", "dots"]) {
    const archive = await readOci(join(directory, name));
    assert.equal((await archive.resolveOnly()).digest, sample.root.digest, name);
    await assertHolds(archive, sample);
    await archive.close();
  }
});

test("a layer that is still being made goes into an archive as well", async (t) => {
  const path = join(temporaryDirectory(t), "image.tar");
  const writer = new ArchiveWriter(new FileSink(path, path));
  const put = await writer.putUnknownBlob(() => fromBytes("made ", "just now"));
  assert.equal(put.size, 13);
  await writer.finish();
  const archive = await readOci(path);
  const blob = { mediaType: "text/plain", ...put };
  assert.equal((await collect(archive.blob(blob), { limit: 100 })).toString(), "made just now");
  await archive.close();
});

test("an archive that is given up is not there, and what was there before stays", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "image.tar");
  writeFileSync(path, "before");
  const writer = new ArchiveWriter(new FileSink(path, path));
  const sample = await sampleImage();
  const [blob] = sample.blobs.values();
  assert.ok(blob !== undefined);
  await assert.rejects(
    writer.putBlob(blob.descriptor, () => fromBytes("x")),
    { code: "SIZE_MISMATCH" },
  );
  await writer.abandon();
  assert.deepEqual(readdirSync(directory), ["image.tar"]);
  assert.equal(readFileSync(path, "utf8"), "before");
});

test("skopeo reads our OCI archive and our Docker archive, and we read skopeo's", async (t) => {
  const skopeo = requireProgram(t, "skopeo");
  if (skopeo === undefined) return;
  const directory = temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  const sample = await sampleImage({ layerBytes: 20_000 });
  await writeOci(at("oci.tar"), sample, "v1");
  await writeDocker(at("docker.tar"), sample, "example.org/sample:v1");
  const policy = ["--insecure-policy", "copy", "--quiet"];
  await run(skopeo, [...policy, `oci-archive:${at("oci.tar")}:v1`, `oci:${at("from-oci")}:v1`]);
  await run(skopeo, [...policy, `docker-archive:${at("docker.tar")}`, `oci:${at("from-docker")}:v1`]);
  const fromOci = await openLayout(at("from-oci"));
  assert.equal((await fromOci.resolveOnly()).digest, sample.root.digest);
  await fromOci.close();

  await run(skopeo, [...policy, `oci-archive:${at("oci.tar")}:v1`, `oci-archive:${at("theirs.tar")}:v2`]);
  const theirs = await readOci(at("theirs.tar"));
  assert.equal((await theirs.resolve({ tag: "v2" })).digest, sample.root.digest);
  await assertHolds(theirs, sample);
  await theirs.close();

  await run(skopeo, [
    ...policy,
    `oci-archive:${at("oci.tar")}:v1`,
    `docker-archive:${at("legacy.tar")}:sample:v3`,
  ]);
  const legacy = await readDocker(at("legacy.tar"));
  const found = await legacy.resolve({ tag: "sample:v3" });
  const manifest = parseManifest(await legacy.manifest(found));
  assert.equal(
    manifest.config.digest,
    parseManifest(sample.manifests[0]?.raw ?? Buffer.alloc(0)).config.digest,
  );
  for (const layer of manifest.layers) {
    const bytes = await collect(legacy.blob(layer), { limit: 1e6 });
    const original = [...sample.blobs.values()].some(
      ({ bytes: gzip }) => gzip[0] === 0x1f && gunzipSync(gzip).equals(bytes),
    );
    assert.ok(original, "the layer is one of the image's, uncompressed");
  }
  await legacy.close();
});

test("podman loads our Docker archive and our OCI archive, and runs what was in it; we read what it saves", async (t) => {
  const podman = requireProgram(t, "podman");
  const busybox = requireProgram(t, "busybox", "busybox-static");
  if (podman === undefined || busybox === undefined) return;
  const directory = temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  const sample = await sampleImage({ program: busybox });
  await writeDocker(at("docker.tar"), sample, "example.org/docker:v1");
  await writeOci(at("oci.tar"), sample, "example.org/oci:v1");
  const storage = ["--root", at("root"), "--runroot", at("runroot"), "--storage-driver", "vfs"];
  await run(podman, [...storage, "load", "-q", "-i", at("docker.tar")]);
  await run(podman, [...storage, "load", "-q", "-i", at("oci.tar")]);
  const { stdout } = await run(podman, [...storage, "images", "--format", "{{.Repository}}:{{.Tag}}"]);
  assert.match(stdout, /example\.org\/docker:v1/);
  for (const format of ["docker-archive", "oci-archive"]) {
    const saved = at(`${format}.saved`);
    await run(podman, [...storage, "save", "-q", "--format", format, "-o", saved, "example.org/docker:v1"]);
    const archive = await (format === "docker-archive" ? readDocker(saved) : readOci(saved));
    const manifest = parseManifest(await archive.manifest(await archive.resolveOnly()));
    const config = parseConfig(await collect(archive.blob(manifest.config), { limit: 1e6 }));
    assert.deepEqual(config.config?.Entrypoint, ["/busybox"]);
    for (const layer of manifest.layers) await collect(archive.blob(layer), { limit: 1e8 });
    await archive.close();
  }
});

interface Parts {
  readonly config: Buffer;
  readonly layers: readonly Buffer[];
}

/** The config and the uncompressed layers of a sample. */
function partsOf(sample: SampleImage): Parts {
  const manifest = parseManifest(sample.manifests[0]?.raw ?? Buffer.alloc(0));
  const bytesOf = (digest: (typeof manifest.config)["digest"]): Buffer =>
    sample.blobs.get(digest)?.bytes ?? Buffer.alloc(0);
  return {
    config: bytesOf(manifest.config.digest),
    layers: manifest.layers.map(({ digest }) => bytesOf(digest)),
  };
}

function file(path: string, bytes: Uint8Array | string): TarInput {
  return { path, type: "file", bytes: Buffer.from(bytes) };
}

test("docker save of 20.10: a layer per directory, some of them symlinks, several images", async (t) => {
  const path = join(temporaryDirectory(t), "save.tar");
  const one = partsOf(await sampleImage({ seed: "one", compression: "none" }));
  const two = partsOf(await sampleImage({ seed: "one", compression: "none", layers: 1 }));
  const [base = Buffer.alloc(0), top = Buffer.alloc(0)] = one.layers;
  await writeTarFile(path, [
    { path: "aaa", type: "directory" },
    file("aaa/VERSION", "1.0"),
    file("aaa/layer.tar", base),
    file("bbb/layer.tar", top),
    { path: "ccc/layer.tar", type: "symlink", linkPath: "../aaa/layer.tar" },
    file("one.json", one.config),
    file("two.json", two.config),
    file(
      "manifest.json",
      JSON.stringify([
        {
          Config: "one.json",
          RepoTags: ["one:latest", "example.org/one:1"],
          Layers: ["aaa/layer.tar", "bbb/layer.tar"],
        },
        { Config: "two.json", RepoTags: null, Layers: ["ccc/layer.tar"] },
      ]),
    ),
  ]);
  const archive = await readDocker(path);
  await assert.rejects(archive.resolveOnly(), { code: "REFERENCE_AMBIGUOUS" });
  await assert.rejects(archive.resolve({ tag: "three" }), { code: "NOT_FOUND" });
  const first = await archive.resolve({ tag: "docker.io/library/one" });
  assert.equal((await archive.resolve({ tag: "example.org/one:1" })).digest, first.digest);
  const second = parseManifest(await archive.manifest(await archive.resolve({ tag: "@1" })));
  assert.equal(second.layers.length, 1);
  const [layer] = second.layers;
  assert.ok(layer !== undefined);
  assert.deepEqual(await collect(archive.blob(layer), { limit: 1e6 }), base);
  await archive.close();
});

test("docker save of 25 and later: the layout's digest is kept where the layout is whole", async (t) => {
  const directory = temporaryDirectory(t);
  const sample = await sampleImage({ seed: "save" });
  const path = join(directory, "save.tar");
  await writeDocker(path, sample, "example.org/save:1");
  const archive = await readDocker(path);
  assert.equal((await archive.resolveOnly()).digest, sample.root.digest);
  assert.equal((await archive.resolve({ tag: "example.org/save:1" })).digest, sample.root.digest);
  await assertHolds(archive, sample);
  await archive.close();

  const parts = partsOf(await sampleImage({ seed: "save", compression: "none" }));
  const manifestJson = JSON.stringify([
    { Config: "config.json", RepoTags: null, Layers: ["layer0", "layer1"] },
  ]);
  const manifest = Buffer.from(
    JSON.stringify({ ...parseManifest(sample.manifests[0]?.raw ?? Buffer.alloc(0)), layers: [] }),
  );
  const broken = sampleIndexOf(manifest);
  const [layer0 = "", layer1 = ""] = parts.layers;
  const members = [
    file("config.json", parts.config),
    file("layer0", layer0),
    file("layer1", layer1),
    file("manifest.json", manifestJson),
  ];
  const indexes = {
    "null, as for an image without a tag": [file("index.json", "null")],
    empty: [file("index.json", "{}")],
    "a manifest without layers (moby#47065)": [file("index.json", broken.index), file(broken.path, manifest)],
    "a manifest that is missing": [file("index.json", broken.index)],
    "no JSON": [file("index.json", "{")],
  };
  for (const [what, index] of Object.entries(indexes)) {
    await writeTarFile(path, [...members, file("oci-layout", '{"imageLayoutVersion":"1.0.0"}'), ...index]);
    const fallback = await readDocker(path);
    const made = parseManifest(await fallback.manifest(await fallback.resolveOnly()));
    assert.equal(made.layers.length, 2, what);
    await fallback.close();
  }
});

function sampleIndexOf(manifest: Buffer): { readonly index: string; readonly path: string } {
  const digest = digestBytes(manifest);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  return {
    index: JSON.stringify({
      schemaVersion: 2,
      manifests: [{ mediaType, digest, size: manifest.byteLength }],
    }),
    path: `blobs/${digest.replace(":", "/")}`,
  };
}

test("an index in a saved archive that lacks platforms gives the one image that is there", async (t) => {
  const path = join(temporaryDirectory(t), "save.tar");
  const here = await sampleImage({ seed: "here" });
  const gone = await sampleImage({ seed: "gone", platform: { os: "linux", architecture: "arm64" } });
  const index = sampleIndex([gone, here]);
  const writer = new DockerArchiveWriter(new FileSink(path, path));
  await putSample(writer, here);
  const raw = index.manifests.at(-1)?.raw ?? Buffer.alloc(0);
  await writer.putManifest(raw, index.root);
  await writer.finish();
  const archive = await readDocker(path);
  assert.equal((await archive.resolveOnly()).digest, here.root.digest);
  await archive.close();
});

test("gzipped layers in a Docker archive keep their bytes, and a gzipped archive is read", async (t) => {
  const path = join(temporaryDirectory(t), "crane.tar.gz");
  const parts = partsOf(await sampleImage({ seed: "crane" }));
  const [layer0 = "", layer1 = ""] = parts.layers;
  const json = JSON.stringify([
    { Config: "sha256:abc", RepoTags: ["crane:1"], Layers: ["0.tar.gz", "1.tar.gz"] },
  ]);
  await writeTarFile(path, [
    file("sha256:abc", parts.config),
    file("0.tar.gz", layer0),
    file("1.tar.gz", layer1),
    file("manifest.json", json),
  ]);
  writeFileSync(path, gzipSync(readFileSync(path)));
  const archive = await readDocker(path);
  const { layers } = parseManifest(await archive.manifest(await archive.resolveOnly()));
  assert.match(layers[0]?.mediaType ?? "", /tar\.gzip$/);
  for (const [i, layer] of layers.entries()) {
    assert.deepEqual(await collect(archive.blob(layer), { limit: 1e6 }), parts.layers[i]);
  }
  await archive.close();
});

test("an archive of Docker before 1.10 has only repositories and a chain of layers", async (t) => {
  const path = join(temporaryDirectory(t), "old.tar");
  const { layers } = partsOf(await sampleImage({ seed: "old", compression: "none" }));
  const [base = "", top = ""] = layers;
  const common = { architecture: "amd64", os: "linux", created: "2015-01-01T00:00:00Z" };
  await writeTarFile(path, [
    file(
      "b1/json",
      JSON.stringify({ ...common, id: "b1", container_config: { Cmd: ["/bin/sh", "-c", "base"] } }),
    ),
    file("b1/layer.tar", base),
    file("t1/json", JSON.stringify({ ...common, id: "t1", parent: "b1", config: { Cmd: ["top"] } })),
    file("t1/layer.tar", top),
    file("repositories", JSON.stringify({ old: { v1: "t1" } })),
  ]);
  const archive = await readDocker(path);
  const manifest = parseManifest(await archive.manifest(await archive.resolveOnly()));
  const config = parseConfig(await collect(archive.blob(manifest.config), { limit: 1e6 }));
  assert.deepEqual(config.config?.Cmd, ["top"]);
  assert.equal(config.history?.[0]?.created_by, "/bin/sh -c base");
  for (const [i, layer] of manifest.layers.entries()) {
    assert.deepEqual(await collect(archive.blob(layer), { limit: 1e6 }), layers[i]);
  }
  await archive.close();
});

test("a Docker archive with a piece missing, or none at all, says which", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "bad.tar");
  const { config, layers } = partsOf(await sampleImage({ compression: "none" }));
  const json = (Layers: readonly string[]): TarInput =>
    file("manifest.json", JSON.stringify([{ Config: "c", Layers }]));
  const cases: readonly (readonly [readonly TarInput[], RegExp])[] = [
    [[json(["l0", "l1"]), file("c", config), file("l0", layers[0] ?? "")], /l1 is missing/],
    [[json(["l0"]), file("c", config), file("l0", layers[0] ?? "")], /2 diffIDs and 1 layers/],
    [[json([])], /c is missing/],
    [[file("hello", "world")], /holds no image/],
    [[file("manifest.json", "{}")], /not a list/],
    [
      [{ path: "l", type: "symlink", linkPath: "../../etc/passwd" }, json(["l", "l"]), file("c", config)],
      /l is missing/,
    ],
  ];
  for (const [members, message] of cases) {
    await writeTarFile(path, members);
    await assert.rejects(
      async () => {
        const archive = await readDocker(path);
        await archive.resolveOnly().finally(() => void archive.close());
      },
      { code: "ARCHIVE_INVALID", message },
    );
  }
  writeFileSync(path, "this is no archive, and never was one".repeat(100));
  await assert.rejects(readDocker(path), { code: "ARCHIVE_INVALID" });
  await assert.rejects(readDocker(directory), { code: "ARCHIVE_INVALID" });
  await assert.rejects(readDocker(join(directory, "missing")), { code: "FILE_MISSING" });
  assert.equal(existsSync(join(directory, "missing")), false);
});

test("a referrer in an archive is found", async (t) => {
  const path = join(temporaryDirectory(t), "image.tar");
  const sample = await sampleImage();
  const writer = new ArchiveWriter(new FileSink(path, path));
  await putSample(writer, sampleReferrer(sample.root, { artifactType: "text/sig", text: "signed" }));
  await putSample(writer, sample, "v1");
  await writer.finish();
  const archive = await readOci(path);
  assert.equal((await archive.referrers(sample.root.digest)).length, 1);
  assert.equal((await archive.resolveOnly()).digest, sample.root.digest);
  await archive.close();
});

test("what is there and is no file is never replaced by an archive", async (t) => {
  const directory = temporaryDirectory(t);
  const pipe = join(directory, "pipe");
  await run("mkfifo", [pipe]);
  for (const path of [pipe, directory]) {
    await assert.rejects(writeOci(path, await sampleImage()), { code: "FILE_UNWRITABLE" });
    await assert.rejects(writeFileAtomic(path, fromBytes("x")), { code: "FILE_UNWRITABLE" });
  }
  assert.ok(statSync(pipe).isFIFO());
  assert.deepEqual(readdirSync(directory), ["pipe"]);
});
