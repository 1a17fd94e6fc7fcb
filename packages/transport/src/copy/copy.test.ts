import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { writeTar } from "@cooper/archive";
import { emptyImage, makeImage, makeIndex, makeLayer, parseIndex, validate } from "@cooper/oci";
import type { Content, Descriptor, Image, Reference } from "@cooper/oci";
import {
  putSample,
  sampleImage,
  sampleIndex,
  sampleReferrer,
  startDockerRegistry,
  temporaryDirectory,
} from "@cooper/test";
import type { SampleImage } from "@cooper/test";
import { openLayout } from "../layout/directory.ts";
import { createResolver, openReference } from "../resolver/resolver.ts";
import { openStore } from "../store/store.ts";
import type { TransferEvent } from "./event.ts";
import { copy, type CopyOptions, write } from "./write.ts";

const ARM = { os: "linux", architecture: "arm64" };
const AMD = { os: "linux", architecture: "amd64" };

interface Bench {
  readonly directory: string;
  readonly options: CopyOptions & { readonly environment: Readonly<Record<string, string>> };
  /** A reference with `~` for the test's directory. */
  readonly at: (reference: string) => string;
}

function bench(t: TestContext): Bench {
  const directory = temporaryDirectory(t);
  const home = join(directory, "home");
  const environment = { HOME: directory, COOPER_HOME: home };
  return {
    directory,
    options: { home, environment, registry: { environment } },
    at: (reference) => reference.replace("~", directory),
  };
}

/** Puts a sample where a reference to a layout says. */
async function seed({ at }: Bench, reference: string, sample: SampleImage, tag = "v1"): Promise<void> {
  const layout = await openLayout(at(reference).replace(/^oci:/, ""), { access: "write" });
  await putSample(layout, sample, tag);
  await layout.close();
}

/** Everything that a reference names is there and is what it says. */
async function assertWhole({ at, options }: Bench, reference: string): Promise<Descriptor> {
  const { content, close } = await openReference(at(reference), options);
  try {
    assert.deepEqual(await validate(content, { depth: "full" }), [], reference);
    return await content.descriptor();
  } finally {
    await close();
  }
}

/** Where images live on this machine; `docker` ones take a single image. */
const PLACES = {
  oci: "oci:~/layout:v1",
  "oci-archive": "oci-archive:~/archive.tar:v1",
  store: "store:sample:v1",
  "docker-archive": "docker-archive:~/docker.tar:sample:v1",
} as const;

for (const [from, source] of Object.entries(PLACES)) {
  for (const [to, target] of Object.entries(PLACES)) {
    test(`an image goes from ${from} to ${to} and stays the same`, async (t) => {
      const here = bench(t);
      const { at, options } = here;
      const forms = { a: { compression: "none" }, b: { compression: "gzip", format: "docker" } } as const;
      for (const [name, form] of Object.entries(forms)) {
        const sample = await sampleImage({ seed: name, ...form });
        const start = source.replace("~/", `~/from-${name}-`);
        await seed(here, `oci:~/seed-${name}`, sample);
        await copy(at(`oci:~/seed-${name}:v1`), at(start), options);
        const end = target.replace("~/", `~/to-${name}-`);
        assert.equal((await copy(at(start), at(end), options)).digest, sample.root.digest);
        assert.equal((await assertWhole(here, end)).digest, sample.root.digest);
      }
    });
    if (from === "docker-archive" || to === "docker-archive") continue;
    test(`all platforms of an index go from ${from} to ${to}`, async (t) => {
      const here = bench(t);
      const { at, options } = here;
      const sample = sampleIndex([
        await sampleImage({ seed: "a", compression: "zstd", platform: AMD }),
        await sampleImage({ seed: "b", platform: ARM }),
      ]);
      const start = source.replace("~/", "~/from-");
      await seed(here, "oci:~/seed", sample);
      await copy(at("oci:~/seed:v1"), at(start), options);
      const end = target.replace("~/", "~/to-");
      assert.equal((await copy(at(start), at(end), options)).digest, sample.root.digest);
      assert.equal((await assertWhole(here, end)).digest, sample.root.digest);
    });
  }
}

test("layers that the target has are not read", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const sample = await sampleImage();
  await seed(here, "oci:~/from", sample);
  await copy(at("oci:~/from:v1"), at("oci:~/to:v1"), options);
  for (const { descriptor } of sample.blobs.values()) {
    if (descriptor.mediaType.includes("layer")) {
      rmSync(join(here.directory, "from", "blobs", descriptor.digest.replace(":", "/")));
    }
  }
  const events: TransferEvent[] = [];
  await copy(at("oci:~/from:v1"), at("oci:~/to:v2"), { ...options, onEvent: (event) => events.push(event) });
  assert.deepEqual(events.map(({ type, what }) => `${type} ${what}`).toSorted(), [
    "done manifest",
    "exists config",
    "exists layer",
    "exists layer",
  ]);
  await assertWhole(here, "oci:~/to:v2");
});

test("progress tells each blob from its first to its last byte", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const sample = await sampleImage({ layers: 1 });
  await seed(here, "oci:~/from", sample);
  const events: TransferEvent[] = [];
  await copy(at("oci:~/from:v1"), at("oci:~/to:v1"), { ...options, onEvent: (event) => events.push(event) });
  const [layer] = sample.blobs.values();
  assert.ok(layer !== undefined);
  const { digest, size, mediaType } = layer.descriptor;
  const common = { what: "layer", id: digest, mediaType, digest, total: size };
  assert.deepEqual(
    events.filter(({ id }) => id === digest),
    [
      { type: "start", ...common, bytes: 0 },
      { type: "bytes", ...common, bytes: size },
      { type: "done", ...common, bytes: size },
    ],
  );
});

test("one platform of an index is the image itself; several are an index of those, with their attestations", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const amd = await sampleImage({ seed: "amd", platform: AMD });
  const arm = await sampleImage({ seed: "arm", platform: ARM });
  const s390x = await sampleImage({ seed: "s390x", platform: { os: "linux", architecture: "s390x" } });
  const attestation = await sampleImage({
    seed: "att",
    platform: { os: "unknown", architecture: "unknown" },
  });
  const attested = {
    ...attestation,
    root: { ...attestation.root, annotations: { "vnd.docker.reference.digest": arm.root.digest } },
  };
  await seed(here, "oci:~/from", sampleIndex([amd, arm, s390x, attested]));
  const one = await copy(at("oci:~/from:v1"), at("oci:~/to:one"), { ...options, platforms: [ARM] });
  assert.equal(one.digest, arm.root.digest);
  await copy(at("oci:~/from:v1"), at("oci:~/to:two"), { ...options, platforms: [ARM, AMD] });
  await assertWhole(here, "oci:~/to:two");
  const { content, close } = await openReference(at("oci:~/to:two"), options);
  const digests = parseIndex(await content.raw()).manifests.map(({ digest }) => digest);
  assert.deepEqual(digests, [amd.root.digest, arm.root.digest, attested.root.digest]);
  await close();
  await assert.rejects(
    copy(at("oci:~/from:v1"), at("oci:~/no:x"), {
      ...options,
      platforms: [{ os: "linux", architecture: "riscv64" }],
    }),
    { code: "NO_SUCH_PLATFORM" },
  );
  assert.equal(existsSync(join(here.directory, "no")), false);
  const chosen = await openReference(at("oci:~/from:v1"), { ...options, platform: ARM });
  assert.equal(chosen.descriptor?.digest, arm.root.digest);
  await chosen.close();
});

test("a Docker archive takes the image of this machine, or the one platform that is asked for", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const machine = await sampleImage({ seed: "machine" });
  const other = await sampleImage({ seed: "other", platform: { os: "linux", architecture: "s390x" } });
  await seed(here, "oci:~/from", sampleIndex([other, machine]));
  const to = at("docker-archive:~/docker.tar");
  assert.equal((await copy(at("oci:~/from:v1"), to, options)).digest, machine.root.digest);
  const platforms = [{ os: "linux", architecture: "s390x" }];
  assert.equal((await copy(at("oci:~/from:v1"), to, { ...options, platforms })).digest, other.root.digest);
  await assert.rejects(copy(at("oci:~/from:v1"), to, { ...options, platforms: [...platforms, AMD] }), {
    code: "SEVERAL_IMAGES",
    kind: "usage",
  });
});

test("zstd layers go into a Docker archive uncompressed, as Docker 20.10 knows no zstd", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const plain = await sampleImage({ seed: "same", compression: "none" });
  await seed(here, "oci:~/from", await sampleImage({ seed: "same", compression: "zstd" }));
  await copy(at("oci:~/from:v1"), at("docker-archive:~/docker.tar"), options);
  assert.equal((await assertWhole(here, "docker-archive:~/docker.tar")).digest, plain.root.digest);
});

test("a conversion gives the media types and the compression that were asked for", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  await seed(here, "oci:~/from", sampleIndex([await sampleImage({ seed: "x", compression: "none" })]));
  for (const [tag, conversion] of Object.entries({
    docker: { format: "docker" },
    zstd: { compression: { compression: "zstd", level: 3 } },
    both: { format: "docker", compression: { compression: "gzip" } },
  } satisfies Record<string, CopyOptions>)) {
    await copy(at("oci:~/from:v1"), at(`oci:~/to:${tag}`), { ...options, ...conversion });
    await assertWhole(here, `oci:~/to:${tag}`);
  }
  const layerTypes = async (tag: string): Promise<readonly string[]> => {
    const { content, close } = await openReference(at(`oci:~/to:${tag}`), { ...options, platform: AMD });
    assert.equal(content.kind, "image");
    const layers = await content.layers();
    await close();
    return [...new Set(layers.map(({ mediaType }) => mediaType))];
  };
  assert.deepEqual(await layerTypes("docker"), ["application/vnd.docker.image.rootfs.diff.tar"]);
  assert.deepEqual(await layerTypes("zstd"), ["application/vnd.oci.image.layer.v1.tar+zstd"]);
  assert.deepEqual(await layerTypes("both"), ["application/vnd.docker.image.rootfs.diff.tar.gzip"]);
});

test("referrers and digest tags come along when asked, also those of a platform's image", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const child = await sampleImage({ seed: "child" });
  const index = sampleIndex([child]);
  await seed(here, "oci:~/from", index);
  const layout = await openLayout(join(here.directory, "from"), { access: "write" });
  const sbom = sampleReferrer(child.root, { artifactType: "text/sbom", text: "parts" });
  const signature = sampleReferrer(sbom.root, { artifactType: "text/sig", text: "signed parts" });
  await putSample(layout, sbom);
  await putSample(layout, signature);
  const cosign = sampleReferrer(child.root, { artifactType: "text/cosign", text: "signed" });
  const cosignTag = `${index.root.digest.replace(":", "-")}.sig`;
  await putSample(layout, cosign, cosignTag);
  await layout.close();

  await copy(at("oci:~/from:v1"), at("oci:~/bare:v1"), options);
  const bare = await openLayout(join(here.directory, "bare"));
  assert.deepEqual(await bare.referrers(child.root.digest), []);
  await bare.close();

  await copy(at("oci:~/from:v1"), at("oci:~/to:v1"), { ...options, referrers: "copy", digestTags: "copy" });
  const to = await openLayout(join(here.directory, "to"));
  const digests = (await to.referrers(child.root.digest)).map(({ digest }) => digest).toSorted();
  assert.deepEqual(digests, [sbom.root.digest, cosign.root.digest].toSorted());
  assert.equal((await to.referrers(sbom.root.digest)).length, 1);
  assert.equal((await to.resolve({ tag: cosignTag })).digest, cosign.root.digest);
  await to.close();
  await assert.rejects(
    copy(at("oci:~/from:v1"), at("oci:~/x:v1"), { ...options, referrers: "copy", format: "docker" }),
    { code: "INVALID_OPTIONS", kind: "usage" },
  );
});

/** An image whose layers are still to be made, and how often each was. */
function madeImage(): { readonly image: Image; readonly made: number[] } {
  const made = [0, 0];
  const layers = made.map((_, i) =>
    makeLayer({
      tar: () => {
        made[i] = (made[i] ?? 0) + 1;
        return writeTar([{ path: `file${i}`, type: "file", bytes: Buffer.alloc(100_000, i) }]);
      },
    }),
  );
  return { image: makeImage({ config: { ...AMD }, layers }), made };
}

test("layers that are still to be made are made once", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const digests = new Set<string>();
  for (const target of Object.values(PLACES)) {
    const { image, made } = madeImage();
    digests.add((await write(image, at(target), options)).digest);
    assert.deepEqual(made, [1, 1], target);
    digests.add((await assertWhole(here, target)).digest);
  }
  assert.equal(digests.size, 1);
});

test("a copy that fails leaves nothing visible, and the next one uses what arrived", async (t) => {
  const here = bench(t);
  const { at, options, directory } = here;
  const sample = await sampleImage({ layers: 3 });
  await seed(here, "oci:~/from", sample);
  const [, second] = sample.blobs.values();
  assert.ok(second !== undefined);
  const path = join(directory, "from", "blobs", second.descriptor.digest.replace(":", "/"));
  const bytes = readFileSync(path);
  rmSync(path);
  for (const target of Object.values(PLACES)) {
    await assert.rejects(copy(at("oci:~/from:v1"), at(target), options), { code: "NOT_FOUND" });
  }
  const left = readdirSync(directory).filter((name) => !["from", "home", "layout"].includes(name));
  assert.deepEqual(left, [], "no archive is there");
  assert.equal(existsSync(join(directory, "layout", "index.json")), false);
  assert.deepEqual(await openStore(options).images(), []);

  writeFileSync(path, bytes);
  const events: TransferEvent[] = [];
  await copy(at("oci:~/from:v1"), at(PLACES.oci), { ...options, onEvent: (event) => events.push(event) });
  assert.ok(events.some(({ type, what }) => type === "exists" && what === "layer"));
  await assertWhole(here, PLACES.oci);
});

test("a source that is not there makes no destination", async (t) => {
  const { at, options, directory } = bench(t);
  for (const target of Object.values(PLACES)) {
    await assert.rejects(copy(at("oci:~/missing:v1"), at(target), options), { code: "NOT_FOUND" });
  }
  assert.deepEqual(readdirSync(directory), []);
});

test("an abort stops a copy and leaves nothing visible", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  await seed(here, "oci:~/from", await sampleImage({ layerBytes: 4_000_000 }));
  const stop = new AbortController();
  const reason = new Error("stopped by the test");
  const onEvent = ({ type }: TransferEvent): void => {
    if (type === "bytes") stop.abort(reason);
  };
  const aborted = copy(at("oci:~/from:v1"), at("oci-archive:~/a.tar"), {
    ...options,
    onEvent,
    signal: stop.signal,
  });
  await assert.rejects(aborted, reason);
  assert.equal(existsSync(join(here.directory, "a.tar")), false);
});

test("a destination with another digest is refused before it is tagged", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const [one, two] = [await sampleImage({ seed: "one" }), await sampleImage({ seed: "two" })];
  await seed(here, "oci:~/from", one);
  await assert.rejects(copy(at("oci:~/from:v1"), at(`oci:~/to:v1@${two.root.digest}`), options), {
    code: "DESTINATION_DIGEST",
  });
  const same = at(`oci:~/to@${one.root.digest}`);
  assert.equal((await copy(at("oci:~/from:v1"), same, options)).digest, one.root.digest);
  await assertWhole(here, `oci:~/to@${one.root.digest}`);
});

test("a bare name is the store's image where there is one", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  const sample = await sampleImage();
  await seed(here, "oci:~/from", sample);
  await copy(at("oci:~/from:v1"), "store:app:v1", options);
  const opened = await openReference("app:v1", options);
  assert.equal(opened.reference.scheme, "store");
  assert.equal(opened.descriptor?.digest, sample.root.digest);
  await opened.close();
});

test("makers and transforms are rows of the table that others add", async (t) => {
  const here = bench(t);
  const { at, options } = here;
  await seed(here, "oci:~/from", await sampleImage());
  const resolver = createResolver([
    { name: "apt", open: async () => ({ content: madeImage().image }) },
    {
      name: "flatten",
      open: async (reference: Reference, context) => {
        const inner = await context.open("rest" in reference ? reference.rest : "");
        const content: Content = makeImage({
          config: { ...AMD },
          layers: inner.content.kind === "image" ? (await inner.content.layers()).slice(0, 1) : [],
        });
        return { content, close: async () => await inner.close() };
      },
    },
  ]);
  await copy("apt:curl", at("oci:~/to:made"), { ...options, resolver });
  await copy(at("flatten:oci:~/from:v1"), at("oci:~/to:flat"), { ...options, resolver });
  await assertWhole(here, "oci:~/to:flat");
  await assert.rejects(openReference("apt:curl", options), { code: "UNKNOWN_SCHEME", kind: "usage" });
  await assert.rejects(copy(at("oci:~/from:v1"), "apt:curl", { ...options, resolver }), {
    code: "UNWRITABLE_SCHEME",
    kind: "usage",
  });
});

test("an image without layers goes everywhere as well", async (t) => {
  const here = bench(t);
  for (const target of Object.values(PLACES)) {
    await write(emptyImage(AMD), here.at(target), here.options);
    await assertWhole(here, target);
  }
});

test("an index goes to a registry and back; blobs are mounted from a neighbour, or found there", async (t) => {
  const registry = await startDockerRegistry(t);
  if (registry === undefined) return;
  const here = bench(t);
  const { at, options } = here;
  const sample = sampleIndex([
    await sampleImage({ seed: "a" }),
    await sampleImage({ seed: "b", platform: ARM }),
  ]);
  await seed(here, "oci:~/from", sample);
  const layout = await openLayout(join(here.directory, "from"), { access: "write" });
  await putSample(layout, sampleReferrer(sample.root, { artifactType: "text/sig", text: "signed" }));
  await layout.close();
  const one = `docker://${registry.host}/one:v1`;
  const two = `docker://${registry.host}/deep/two:v1`;
  const seen: string[] = [];
  const told: CopyOptions = { ...options, onEvent: ({ type, what }) => seen.push(`${type} ${what}`) };
  await copy(at("oci:~/from:v1"), one, { ...told, referrers: "copy" });
  assert.equal((await assertWhole(here, one)).digest, sample.root.digest);

  seen.length = 0;
  await copy(one, two, { ...told, referrers: "copy" });
  assert.ok(seen.includes("mounted layer"));
  assert.ok(!seen.includes("bytes layer"), "nothing was carried");

  seen.length = 0;
  await copy(at("oci:~/from:v1"), one, told);
  assert.ok(seen.includes("exists layer") && !seen.includes("start layer"));

  await copy(two, at("oci:~/back:v1"), { ...options, referrers: "copy" });
  assert.equal((await assertWhole(here, "oci:~/back:v1")).digest, sample.root.digest);
  const back = await openLayout(join(here.directory, "back"));
  assert.equal((await back.referrers(sample.root.digest)).length, 1);
  await back.close();
});

test("a layer that several images share is made once", async (t) => {
  let made = 0;
  const layer = makeLayer({
    tar: () => {
      made += 1;
      return writeTar([{ path: "a", type: "file", bytes: Buffer.from("a") }]);
    },
  });
  const images = ["amd64", "arm64", "s390x"].map((architecture) =>
    makeImage({ config: { os: "linux", architecture }, layers: [layer] }),
  );
  const layout = `oci:${join(temporaryDirectory(t), "out")}:v1`;
  await write(makeIndex({ manifests: images }), layout);
  assert.equal(made, 1);
  const opened = await openReference(layout);
  assert.deepEqual(await validate(opened.content, { depth: "full" }), []);
  await opened.close();
});
