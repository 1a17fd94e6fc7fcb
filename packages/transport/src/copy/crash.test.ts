import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { validate } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import {
  memoryDirectory,
  putSample,
  requireRoot,
  run,
  sampleImage,
  sampleIndex,
  temporaryDirectory,
} from "@cooper/test";
import type { SampleImage } from "@cooper/test";
import { build } from "esbuild";
import { openLayout } from "../layout/directory.ts";
import { openReference } from "../resolver/resolver.ts";
import { openStore } from "../store/store.ts";
import { copy } from "./write.ts";

/** Bundled once: most of the time of a process that copies a little would go into loading its sources. */
const bundle = mkdtempSync(join(tmpdir(), "cooper-test-"));
const program = join(bundle, "copy.mjs");
before(async () => {
  symlinkSync(
    fileURLToPath(new URL("../../../../node_modules", import.meta.url)),
    join(bundle, "node_modules"),
  );
  await build({
    entryPoints: [fileURLToPath(import.meta.resolve("./write.ts"))],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    conditions: ["@cooper/source"],
    external: ["koffi"],
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    loader: { ".wasm": "file" },
    logLevel: "error",
  });
});
after(() => rmSync(bundle, { recursive: true, force: true }));

/** A process of its own that copies; it says "ready" when it begins. */
function startCopy(from: string, targets: readonly string[], home: string): ReturnType<typeof spawn> {
  const script = `
    import { copy } from ${JSON.stringify(program)};
    process.stdout.write("ready");
    for (const target of ${JSON.stringify(targets)}) {
      await copy(${JSON.stringify(from)}, target, { home: ${JSON.stringify(home)} });
    }`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(bundle, "compiled") },
  });
}

async function begun(child: ReturnType<typeof spawn>): Promise<void> {
  await new Promise((resolve) => child.stdout?.once("data", resolve));
}

async function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return await new Promise((resolve) => child.once("close", resolve));
}

async function seed(directory: string, sample: SampleImage, tag: string): Promise<string> {
  const layout = await openLayout(join(directory, "from"), { access: "write" });
  await putSample(layout, sample, tag);
  await layout.close();
  return `oci:${directory}/from:${tag}`;
}

/** Whether there is anything under a name; what there is must be whole. */
async function isWhole(reference: string, home: string): Promise<boolean> {
  try {
    const { content, close } = await openReference(reference, { home });
    assert.deepEqual(await validate(content, { depth: "full" }), []);
    await close();
    return true;
  } catch (error) {
    if (isFault(error, "NOT_FOUND", "FILE_MISSING")) return false;
    throw error;
  }
}

const TARGETS: Readonly<Record<string, (directory: string) => string>> = {
  "a layout": (directory) => `oci:${directory}/layout:v1`,
  "an archive": (directory) => `oci-archive:${directory}/image.tar:v1`,
  "the store": () => "store:sample:v1",
};

/** 100 kills in all; two at a time, as starting a process is most of the work. */
const KILLS = 34;

for (const [what, target] of Object.entries(TARGETS)) {
  test(`killed at a random moment of a copy into ${what}, it is valid and the next copy completes`, async (t) => {
    // What a kill leaves is the same in memory and on a disk: only a crash of the machine tells them apart.
    const directory = memoryDirectory(t);
    const index = sampleIndex([
      await sampleImage({ seed: "a", layers: 3, layerBytes: 150_000 }),
      await sampleImage({
        seed: "b",
        layers: 3,
        layerBytes: 150_000,
        platform: { os: "linux", architecture: "arm64" },
      }),
    ]);
    const from = await seed(directory, index, "v1");
    let interrupted = 0;
    let longest = 0;
    const killOne = async (i: number): Promise<void> => {
      const place = join(directory, `${i}`);
      mkdirSync(place);
      const home = join(place, "home");
      const child = startCopy(from, [target(place)], home);
      await begun(child);
      const start = performance.now();
      // The first ones are let through: they tell how long a copy takes, which says when to kill.
      if (i < KILLS) setTimeout(() => child.kill("SIGKILL"), longest * Math.random());
      const status = await ended(child);
      if (i >= KILLS) longest = Math.max(longest, performance.now() - start);
      if (status === null && !(await isWhole(target(place), home))) interrupted += 1;
      const { digest } = await copy(from, target(place), { home });
      assert.equal(digest, index.root.digest);
      assert.ok(await isWhole(target(place), home));
      assertClean(place);
      rmSync(place, { recursive: true });
    };
    const turns = Array.from({ length: KILLS + 2 }, (_, i) => i);
    const work = async (): Promise<void> => {
      for (let i = turns.pop(); i !== undefined; i = turns.pop()) await killOne(i);
    };
    await Promise.all([work(), work()]);
    t.diagnostic(`${interrupted} of ${KILLS} were interrupted before the image was visible`);
    assert.ok(interrupted > 0);
  });
}

/** What the killed writer was in the middle of is gone after the next one. */
function assertClean(place: string): void {
  for (const directory of [place, join(place, "layout"), join(place, "home")]) {
    if (!existsSync(directory)) continue;
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith(".cooper-")),
      [],
    );
  }
}

test("ten processes write one layout and one store at once, and nothing is lost", async (t) => {
  const directory = temporaryDirectory(t);
  const home = join(directory, "home");
  const names = Array.from({ length: 10 }, (_, i) => `v${i}`);
  const sources = new Map<string, string>();
  for (const name of names) {
    // All share their first layer, and race for it.
    sources.set(name, await seed(directory, await sampleImage({ seed: name, layerBytes: 200_000 }), name));
  }
  const children = names.map((name) =>
    startCopy(
      sources.get(name) ?? "",
      [`oci:${directory}/layout:${name}`, `store:sample:${name}`, `oci:${directory}/layout:${name}-again`],
      home,
    ),
  );
  const statuses = await Promise.all(children.map(ended));
  assert.deepEqual(
    statuses,
    names.map(() => 0),
  );
  for (const name of names) {
    for (const reference of [
      `oci:${directory}/layout:${name}`,
      `oci:${directory}/layout:${name}-again`,
      `store:sample:${name}`,
    ]) {
      assert.ok(await isWhole(reference, home), reference);
    }
  }
  assertClean(directory);
  const collected = await openStore({ home }).collect();
  assert.equal(collected.removed, 0);
});

test("a full disk is a clear fault, and nothing half-written is left", async (t) => {
  const place = await smallDisk(t, "3m");
  if (place === undefined) return;
  const directory = temporaryDirectory(t);
  const from = await seed(
    directory,
    await sampleImage({ seed: "large", layers: 4, layerBytes: 1_500_000 }),
    "v1",
  );
  const small = await seed(directory, await sampleImage({ seed: "small" }), "small");
  const home = join(place, "home");
  for (const [what, target] of Object.entries({ ...TARGETS, "a Docker archive": dockerArchive })) {
    await assert.rejects(
      copy(from, target(place), { home }),
      { code: "DISK_FULL", message: /no space is left/, advice: /Make room/ },
      what,
    );
    assert.equal(await isWhole(target(place), home), false, what);
    assertClean(place);
    assert.ok(!existsSync(join(place, "layout", "index.json")));
    await openStore({ home }).collect();
    await copy(small, target(place), { home });
    assert.ok(await isWhole(target(place), home), what);
    for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });
  }
});

function dockerArchive(directory: string): string {
  return `docker-archive:${directory}/docker.tar:sample:v1`;
}

/** A file system in memory of a few megabytes, unmounted and removed when the test ends. */
async function smallDisk(t: TestContext, size: string): Promise<string | undefined> {
  if (!requireRoot(t)) return undefined;
  const disk = mkdtempSync(join(tmpdir(), "cooper-disk-"));
  const { status, stderr } = await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk], {
    status: "any",
  });
  t.after(async () => {
    if (status === 0) await run("umount", ["-l", disk]);
    rmdirSync(disk);
  });
  if (status === 0) return disk;
  t.skip(`SKIPPED: a tmpfs cannot be mounted: ${stderr.trim()}`);
  return undefined;
}
