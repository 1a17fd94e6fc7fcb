import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, rmSync, statSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { collect, readTar, type TarInput } from "@cooper/archive";
import { makeImage, validate } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import type { Assembly, PackageContent } from "../ecosystem/ecosystem.ts";
import { openContext, type OpenContext } from "../ecosystem/open-context.ts";
import { solvedPackage } from "../ecosystem/solved.fixture.ts";
import { type MadeLayers, makeLayers } from "./make-layers.ts";

async function context(t: TestContext, directory: string = temporaryDirectory(t)): Promise<OpenContext> {
  const opened = await openContext({ cache: { directory }, network: "offline" });
  t.after(async () => await opened.close());
  return opened;
}

function content(name: string, files: readonly string[], onRead: () => void = () => {}): PackageContent {
  return {
    package: solvedPackage(name),
    key: `${name} 1`,
    async *members() {
      onRead();
      yield { path: "usr", type: "directory" };
      for (const path of files) yield { path, type: "file", bytes: Buffer.from(path) } satisfies TarInput;
    },
  };
}

function assembly(...packages: readonly PackageContent[]): Assembly {
  return {
    packages,
    whole: async () => ({
      async *top() {
        yield { path: "var/lib/db", type: "file", bytes: Buffer.from(packages.length.toString()) };
      },
      run: {},
      created: 0,
    }),
  };
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

async function digests({ layers }: MadeLayers): Promise<readonly string[]> {
  return await Promise.all(layers.map(async ({ layer }) => (await layer.descriptor()).digest));
}

test("a package's layer is the same whatever else is in the image, and is made once", async (t) => {
  const tools = await context(t);
  let read = 0;
  const libc = content("libc6", ["usr/libc"], () => read++);
  const [alone] = await digests(await makeLayers(assembly(libc), tools));
  const curl = content("curl", ["usr/curl"]);
  const [shared, own, top] = await digests(await makeLayers(assembly(libc, curl), tools));
  assert.equal(shared, alone);
  assert.equal(new Set([shared, own, top]).size, 3);
  assert.equal(read, 1);
});

test("the layers are those of an image that is as it says, in gzip and in zstd", async (t) => {
  const tools = await context(t);
  for (const compression of ["gzip", "zstd"] as const) {
    const { layers: made } = await makeLayers(
      assembly(content("a", ["usr/a"]), content("b", ["usr/b"])),
      tools,
      {
        compression,
      },
    );
    const image = makeImage({
      config: { os: "linux", architecture: "amd64" },
      layers: made.map(({ layer }) => layer),
    });
    assert.deepEqual(await validate(image, { depth: "full" }), []);
    assert.deepEqual(
      made.map(({ packages }) => packages.map((one) => one.package.name)),
      [["a"], ["b"], []],
    );
  }
});

test("in a layer that packages share, each path is there once", async (t) => {
  const tools = await context(t);
  const both = assembly(content("a", ["usr/a", "usr/both"]), content("b", ["usr/both", "usr/b"]));
  const {
    layers: [shared],
  } = await makeLayers(both, tools, { strategy: "single" });
  assert.ok(shared !== undefined);
  const paths: string[] = [];
  for await (const member of readTar(shared.layer.tar())) paths.push(member.path);
  assert.deepEqual(paths, ["usr", "usr/a", "usr/both", "usr/b"]);
});

test("layers are the same on a cache that was lost, and one whose record was lost", async (t) => {
  const packages = assembly(content("a", ["usr/a"]));
  const first = await context(t);
  const before = await digests(await makeLayers(packages, first));
  assert.deepEqual(await digests(await makeLayers(packages, await context(t))), before);
  await first.cache.storeRecord("layer", "other", {});
  rmSync(`${first.cache.directory}/records`, { recursive: true });
  assert.deepEqual(await digests(await makeLayers(packages, first)), before);
});

test("a layer that was just made is read once as it was seen, and from then on checked", async (t) => {
  const tools = await context(t);
  const { layers } = await makeLayers(assembly(content("a", ["usr/a"])), tools);
  const [{ layer } = assert.fail("no layer")] = layers;
  const { digest } = await layer.descriptor();
  const all = { limit: 2 ** 20 };
  assert.equal(sha256(await collect(layer.open(), all)), digest);
  for (const path of globSync(`${tools.cache.directory}/derived/layer/*`)) {
    writeFileSync(path, Buffer.alloc(statSync(path).size));
  }
  await assert.rejects(collect(layer.open(), all), { code: "DIGEST_MISMATCH" });
});

test("a package that cannot be read ends the work, and leaves no layer behind", async (t) => {
  const tools = await context(t);
  const broken: PackageContent = {
    package: solvedPackage("broken"),
    key: "broken 1",
    async *members() {
      yield { path: "usr", type: "directory" };
      throw new Error("the package is damaged");
    },
  };
  await assert.rejects(makeLayers(assembly(broken, content("a", ["usr/a"])), tools), /damaged/);
  await assert.rejects(makeLayers(assembly(broken), tools), /damaged/); // nothing half-made is taken for whole
  assert.ok((await digests(await makeLayers(assembly(content("a", ["usr/a"])), tools))).length === 2);
});
