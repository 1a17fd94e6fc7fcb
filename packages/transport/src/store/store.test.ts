import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { collect } from "@cooper/archive";
import {
  putSample,
  requireProgram,
  run,
  sampleImage,
  sampleReferrer,
  temporaryDirectory,
} from "@cooper/test";
import { cooperHome } from "./home.ts";
import { openStore, storeName } from "./store.ts";

const NAME = "docker.io/library/one:latest";

function blobCount(home: string): number {
  return readdirSync(join(home, "blobs", "sha256")).length;
}

test("the store is where COOPER_HOME says, else where XDG says, else in the home directory", () => {
  assert.equal(cooperHome({ COOPER_HOME: "/a", XDG_DATA_HOME: "/b", HOME: "/c" }), "/a");
  assert.equal(cooperHome({ COOPER_HOME: "a" }), join(process.cwd(), "a"));
  assert.equal(cooperHome({ COOPER_HOME: "", XDG_DATA_HOME: "/b", HOME: "/c" }), "/b/cooper");
  assert.equal(cooperHome({ XDG_DATA_HOME: "relative", HOME: "/c" }), "/c/.local/share/cooper");
});

test("looking into a store that does not exist makes none", async (t) => {
  const home = join(temporaryDirectory(t), "home");
  const store = openStore({ home });
  assert.equal(await store.has(NAME), false);
  await assert.rejects(store.resolve({ tag: NAME }), { code: "NOT_FOUND" });
  assert.deepEqual(await store.images(), []);
  assert.deepEqual(await store.usage(), { images: 0, blobs: 0, bytes: 0, reclaimable: 0 });
  assert.deepEqual(await store.collect(), { removed: 0, bytes: 0, kept: 0 });
  await store.close();
  assert.equal(existsSync(home), false);
});

test("nobody else can look into the store", async (t) => {
  const home = join(temporaryDirectory(t), "deep", "home");
  const store = openStore({ home });
  await putSample(store, await sampleImage(), NAME);
  await store.close();
  for (const path of [home, join(home, ".."), join(home, "blobs")])
    assert.equal(statSync(path).mode & 0o077, 0);
});

test("names are whole names; a store is a layout that skopeo reads", async (t) => {
  const home = temporaryDirectory(t);
  assert.equal(storeName({ name: "docker.io/library/one" }), NAME);
  const store = openStore({ environment: { COOPER_HOME: home } });
  const sample = await sampleImage();
  await putSample(store, sample, NAME);
  const [image] = await store.images();
  assert.equal(image?.name, NAME);
  assert.equal(image.descriptor.digest, sample.root.digest);
  const sizes = [...sample.blobs.values()].map(({ descriptor }) => descriptor.size);
  assert.equal(
    image.size,
    sizes.reduce((a, b) => a + b, sample.root.size),
  );
  await store.close();
  const skopeo = requireProgram(t, "skopeo");
  if (skopeo === undefined) return;
  const { stdout } = await run(skopeo, ["inspect", `oci:${home}:${NAME}`]);
  assert.match(stdout, new RegExp(sample.root.digest));
});

test("gc keeps what has a name, what is pinned and what a running command uses", async (t) => {
  const home = temporaryDirectory(t);
  const writer = openStore({ home });
  const [named, used, pinned, unused] = await Promise.all(
    ["named", "used", "pinned", "unused"].map(async (seed) => await sampleImage({ seed })),
  );
  assert.ok(named !== undefined && used !== undefined && pinned !== undefined && unused !== undefined);
  for (const [tag, sample] of Object.entries({ named, used, pinned, unused }))
    await putSample(writer, sample, tag);
  await writer.close();
  assert.equal((await openStore({ home }).usage()).reclaimable, 0);

  const user = openStore({ home });
  await user.resolve({ tag: "used" });
  const other = openStore({ home });
  await other.pin("cache/1", [pinned.root.digest]);
  for (const tag of ["used", "pinned", "unused"]) await other.remove(tag);
  await other.close();
  const first = await openStore({ home }).collect();
  assert.deepEqual([first.removed, first.kept], [4, 12]);
  assert.ok(first.bytes > 0);
  for (const { descriptor } of used.blobs.values()) await collect(user.blob(descriptor), { limit: 1e6 });

  await user.close();
  await openStore({ home }).unpin("cache/1");
  const second = await openStore({ home }).collect();
  assert.deepEqual([second.removed, second.kept], [8, 4]);
  assert.deepEqual(readdirSync(join(home, "leases")), []);
});

test("a blob that was just written, and one that was only looked for, stays until its command ends", async (t) => {
  const home = temporaryDirectory(t);
  const sample = await sampleImage();
  const writer = openStore({ home });
  for (const { descriptor, bytes } of sample.blobs.values()) {
    await writer.putBlob(descriptor, async function* bytesOf() {
      yield bytes;
    });
  }
  assert.equal((await openStore({ home }).collect()).removed, 0);
  const reader = openStore({ home });
  for (const { descriptor } of sample.blobs.values()) assert.ok(await reader.hasBlob(descriptor));
  await writer.close();
  assert.equal((await openStore({ home }).collect()).removed, 0);
  await reader.close();
  assert.equal((await openStore({ home }).collect()).removed, sample.blobs.size);
});

test("the lease of a command that was killed counts for nothing", async (t) => {
  const home = temporaryDirectory(t);
  const sample = await sampleImage();
  const writer = openStore({ home });
  await putSample(writer, sample, NAME);
  await writer.close();
  const script = `
    import { openStore } from ${JSON.stringify(import.meta.resolve("./store.ts"))};
    const store = openStore({ home: ${JSON.stringify(home)} });
    await store.resolve({ tag: ${JSON.stringify(NAME)} });
    console.log("kept");
    setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ["--conditions=@cooper/source", "--input-type=module", "-e", script],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await new Promise((resolve) => child.stdout.once("data", resolve));
  await openStore({ home }).remove(NAME);
  assert.equal((await openStore({ home }).collect()).removed, 0);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  assert.equal((await openStore({ home }).collect()).removed, 4);
});

test("images without a name are kept until they are pruned, referrers with what they refer to", async (t) => {
  const home = temporaryDirectory(t);
  const sample = await sampleImage();
  const store = openStore({ home });
  await putSample(store, sample);
  await putSample(store, sampleReferrer(sample.root, { artifactType: "text/x", text: "about it" }));
  await store.close();
  assert.equal((await openStore({ home }).collect()).removed, 0);
  assert.equal((await openStore({ home }).collect({ untagged: "remove" })).kept, 0);
  assert.deepEqual(await openStore({ home }).images(), []);
});

test("gc beside commands that copy never takes what they use", async (t) => {
  const home = temporaryDirectory(t);
  const samples = await Promise.all(
    Array.from({ length: 4 }, async (_, i) => await sampleImage({ seed: `s${i}`, layerBytes: 20_000 })),
  );
  const done = new AbortController();
  const collecting = (async () => {
    let runs = 0;
    for (; !done.signal.aborted; runs++) {
      await openStore({ home }).collect({ untagged: "remove" });
      await pause(3);
    }
    return runs;
  })();
  try {
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        samples.map(async (sample, i) => {
          const store = openStore({ home });
          await putSample(store, sample, `name:${i}`);
          for (const { descriptor, bytes } of sample.blobs.values()) {
            assert.deepEqual(await collect(store.blob(descriptor), { limit: 1e6 }), bytes);
          }
          await store.remove(`name:${i}`);
          await store.close();
        }),
      );
    }
  } finally {
    done.abort();
  }
  assert.ok((await collecting) > 0);
  await openStore({ home }).collect();
  assert.equal(blobCount(home), 0);
});
