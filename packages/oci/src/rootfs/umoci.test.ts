import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { collect } from "@cooper/archive";
import type { TarInput } from "@cooper/archive";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import * as fc from "fast-check";
import { extract, MEDIA_TYPES, squash } from "../index.ts";
import type { Image } from "../index.ts";
import { MemoryStore } from "../memory.fixture.ts";
import type { Files } from "../memory.fixture.ts";

/** An OCI layout, written by hand. */
async function layoutOf(t: TestContext, store: MemoryStore, image: Image): Promise<string> {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  for (const [digest, bytes] of store.bytes)
    writeFileSync(join(directory, "blobs", digest.replace(":", "/")), bytes);
  writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const { mediaType, digest, size } = await image.descriptor();
  const annotations = { "org.opencontainers.image.ref.name": "it" };
  writeFileSync(
    join(directory, "index.json"),
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.oci.index,
      manifests: [{ mediaType, digest, size, annotations }],
    }),
  );
  return directory;
}

/** Everything below a directory: type, mode, number of names, where it links to, content. */
async function listingOf(directory: string): Promise<string> {
  const script = `
    find . -mindepth 1 -printf '%P %y %m %l\\n' | LC_ALL=C sort
    find . -type f -printf '%P\\n' | LC_ALL=C sort | while IFS= read -r f; do printf '%s: ' "$f"; cat -- "$f"; echo; done
    find . -type f -links +1 -printf '%i %P\\n' | LC_ALL=C sort -k2 | awk '{ if (!($1 in n)) n[$1] = ++k; print n[$1], $2 }'
  `;
  return (await run("sh", ["-c", script], { cwd: directory })).stdout;
}

async function byUmoci(t: TestContext, umoci: string, store: MemoryStore, image: Image): Promise<string> {
  const layout = await layoutOf(t, store, image);
  const bundle = join(temporaryDirectory(t), "bundle");
  const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
  await run(umoci, ["unpack", ...rootless, "--image", `${layout}:it`, bundle]);
  return await listingOf(join(bundle, "rootfs"));
}

async function byCooper(t: TestContext, image: Image): Promise<string> {
  const directory = temporaryDirectory(t);
  const tar = await collect(extract(image), { limit: 1e8 });
  await run("tar", ["-x", "-p", "-C", directory], { input: tar });
  return await listingOf(directory);
}

const directory = (mode: number): Omit<TarInput, "path"> => ({ type: "directory", mode });

const CASES: Readonly<Record<string, readonly Files[]>> = {
  "whiteouts, opaque directories and what comes back": [
    { "d/a": "1", "d/e/b": "2", "d/e/f/c": "3", "x/y": "4", z: "5" },
    { "d/.wh.a": "", "d/e/.wh..wh..opq": "", "d/e/new": "6", ".wh.x": "" },
    { x: directory(0o711), "x/back": "7", ".wh.z": "" },
  ],
  "directories, files and symlinks in each other's place": [
    {
      "a/x": "1",
      b: "2",
      c: { type: "symlink", linkPath: "a" },
      "real/": "",
      l: { type: "symlink", linkPath: "/real" },
    },
    { a: "3", b: directory(0o750), "b/y": "4", c: directory(0o755), "c/z": "5", "l/through": "6" },
    { "l/.wh.through": "", "l/other": "7" },
  ],
  "hard links into lower layers whose files then go": [
    { a: { type: "file", bytes: Buffer.from("one"), mode: 0o600 }, b: "two" },
    { "links/a": { type: "hardlink", linkPath: "a" }, "links/b": { type: "hardlink", linkPath: "b" } },
    { ".wh.a": "", b: "three", c: { type: "hardlink", linkPath: "links/a" } },
  ],
};

for (const [name, layers] of Object.entries(CASES)) {
  test(`umoci unpacks the same: ${name}`, async (t) => {
    const umoci = requireProgram(t, "umoci");
    if (umoci === undefined) return;
    const store = new MemoryStore();
    const image = await store.image({ layers });
    assert.equal(await byCooper(t, image), await byUmoci(t, umoci, store, image));
  });
}

const NAMES = ["a", "b", "c", "d/a", "d/b", "d/e/a", "d/e/f/a", "g/a"];

/** A layer as a program that makes layers may write it; what it cannot link to is left out. */
const layer: fc.Arbitrary<Files> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(...NAMES),
      fc.constantFrom("file", "hide", "link", "opaque"),
      fc.string({ maxLength: 5 }),
    ),
    {
      minLength: 1,
      maxLength: 5,
      selector: ([path]) => path,
    },
  )
  .map((changes) => {
    const files: Record<string, string | Omit<TarInput, "path">> = {};
    for (const [path, kind, text] of changes) {
      const parent = /^(.*\/)?/.exec(path)?.[0] ?? "";
      if (kind === "file") files[path] = text;
      if (kind === "link") files[path] = { type: "symlink", linkPath: `to-${text.length}` };
      if (kind === "opaque" && parent !== "") {
        files[parent] = "";
        files[`${parent}.wh..wh..opq`] = "";
      }
    }
    // After all else: umoci wants a whiteout to stand before what it must not hide, or not at all.
    const hidden = changes.filter(
      ([path, kind]) => kind === "hide" && !Object.keys(files).some((other) => other.startsWith(path)),
    );
    for (const [path] of hidden) files[path.replace(/[^/]+$/, ".wh.$&")] = "";
    return files;
  });

test("umoci unpacks the same, whatever layers lie on each other, and of squashed ones too", async (t) => {
  const umoci = requireProgram(t, "umoci");
  if (umoci === undefined) return;
  await fc.assert(
    fc.asyncProperty(fc.array(layer, { minLength: 2, maxLength: 4 }), async (layers) => {
      const store = new MemoryStore();
      const image = await store.image({ layers });
      const root = await byCooper(t, image);
      assert.equal(root, await byUmoci(t, umoci, store, image));
      const squashed = await store.rewrite(squash(image, { from: 1, compression: "none" }));
      assert.equal(await byUmoci(t, umoci, store, squashed), root);
    }),
    { numRuns: 10, seed: 20240506 },
  );
});
