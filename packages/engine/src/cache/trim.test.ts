import assert from "node:assert/strict";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Layer, makeImage, validate } from "@cooper/oci";
import { BASE, PLATFORM, sh, type Site, site } from "../execution/site.fixture.ts";
import type { Step } from "../graph/operation.ts";
import { buildCacheEntries } from "./entries.ts";
import { holdBuild } from "./running.ts";
import { trimBuildCache } from "./trim.ts";

const MIB = 2 ** 20;

/** A step that gives a mebibyte. */
function large(name: string): Step {
  return sh(`/bin/busybox dd if=/dev/urandom of=/${name} bs=64k count=16 2> /cache/log`, [BASE], {
    label: name,
    mounts: [{ kind: "cache", id: "logs", target: "/cache", sharing: "shared" }],
  });
}

function stepsOf(home: string): readonly string[] {
  return buildCacheEntries(home)
    .filter(({ kind }) => kind === "step")
    .map(({ description }) => description);
}

/** As if everything had been used hours ago. */
function age({ home }: Site): void {
  for (const { paths, lock } of buildCacheEntries(home)) {
    for (const path of lock === undefined ? paths : [...paths, lock]) utimesSync(path, 1e9, 1e9);
  }
}

test("what builds keep is listed with what it is, how large it is and when it was used", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  await here.build(large("one"));
  const entries = buildCacheEntries(here.home);
  assert.deepEqual(entries.map(({ kind }) => kind).toSorted(), ["mount", "step", "unpacked"]);
  const step = entries.find(({ kind }) => kind === "step");
  assert.equal(step?.description, "one");
  assert.match(step.id, /^[0-9a-f]{64}$/);
  assert.ok(step.size > MIB && step.size < 2 * MIB);
  assert.ok(Date.now() - step.usedAt < 60_000);
  assert.equal(entries.find(({ kind }) => kind === "mount")?.description, "logs");
});

test("what was not used for longest goes first, and what stays is whole", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  for (const name of ["one", "two", "three"]) {
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await here.build(large(name));
    age(here);
  }
  await here.build(large("one"));
  const { removed, left } = await trimBuildCache(here.home, { limit: 3 * MIB });
  assert.ok(removed.length > 0 && left <= 3 * MIB);
  assert.ok(stepsOf(here.home).includes("one"));
  here.ran();
  const layers = await here.build(large("one"));
  assert.deepEqual(here.ran(), []);
  assert.deepEqual(await validate(makeImage({ config: PLATFORM, layers }), { depth: "full" }), []);
  await here.build(large("two"));
  assert.equal(here.ran().length, 1);
});

test("without a limit all goes but locks, and a build makes it again", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  await here.build(large("one"));
  await trimBuildCache(here.home, { limit: 0 });
  assert.deepEqual(buildCacheEntries(here.home), []);
  for (const name of ["build/steps", "build/blobs", "build/running"])
    assert.deepEqual(readdirSync(join(here.home, name)), []);
  here.ran();
  await here.build(large("one"));
  assert.equal(here.ran().length, 1);
});

test("what a build that runs has used stays, however long ago that was made", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  await here.build(large("one"));
  await here.build(large("two"));
  age(here);
  const held = await holdBuild(here.home);
  const layers = await here.build(large("one"));
  await trimBuildCache(here.home, { limit: 0 });
  assert.deepEqual(stepsOf(here.home), ["one"]);
  assert.deepEqual(await validate(makeImage({ config: PLATFORM, layers }), { depth: "full" }), []);
  held.release();
  await trimBuildCache(here.home, { limit: 0 });
  assert.deepEqual(stepsOf(here.home), []);
});

test("builds and removals side by side do not harm each other", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const stop = new AbortController();
  const trimming = (async () => {
    while (!stop.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop
      await trimBuildCache(here.home, { limit: 0 });
      // oxlint-disable-next-line no-await-in-loop
      await pause(10);
    }
  })();
  try {
    for (let round = 0; round < 4; round++) {
      // oxlint-disable-next-line no-await-in-loop
      const held = await holdBuild(here.home);
      // oxlint-disable-next-line no-await-in-loop
      const layers: readonly Layer[] = await here.build(sh("ls / > /again", [large(`${round % 2}`)]), {
        parallel: 2,
      });
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual(await validate(makeImage({ config: PLATFORM, layers }), { depth: "full" }), []);
      held.release();
    }
  } finally {
    stop.abort();
    await trimming;
  }
});
