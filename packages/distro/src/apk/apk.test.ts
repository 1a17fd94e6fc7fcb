import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { validate } from "@cooper/oci";
import { imageOfPackages } from "../image/package-image.ts";
import { formatLock, parseLock } from "../lock/lock.ts";
import { AMD64, ARM64, repositoryOf, rootOf, solveFor, testContext } from "./apk.fixture.ts";
import { ALPINE_KEY, apkData } from "./alpine.fixture.ts";
import { makeApk } from "@cooper/test";

test("a signed repository becomes an image for each architecture, the same one twice", async (t) => {
  const directory = apkData(t, "signed-repo");
  if (directory === undefined) return;
  const digests: string[] = [];
  for (const _ of [1, 2]) {
    const context = await testContext(t, {
      repositories: [directory],
      keyrings: [join(directory, "melange.rsa.pub")],
    });
    const names = ["replayout", "custom-ca-certs-1", "custom-ca-certs-2"];
    const solutions = [await solveFor(context, names), await solveFor(context, names, ARM64)];
    const index = imageOfPackages(solutions, context);
    assert.deepEqual(await validate(index, { depth: "full" }), []);
    digests.push((await index.descriptor()).digest);
    const root = await rootOf(solutions[0] ?? assert.fail(), context);
    assert.match(root.get("etc/os-release")?.text ?? "", /NAME="Replaces"/);
    assert.deepEqual([root.get("etc/os-release")?.uid, root.get("etc/os-release")?.gid], [501, 20]);
    assert.equal(root.get("etc/ssl/certs/ca-certificates.crt")?.text.match(/BEGIN CERTIFICATE/g)?.length, 4);
  }
  assert.equal(digests[0], digests[1]);
});

test("500 requests in one process load the index once", async (t) => {
  const directory = apkData(t, "alpine-3.16-main-x86_64");
  if (directory === undefined) return;
  let loaded = 0;
  const context = await testContext(t, {
    repositories: [join(directory, "APKINDEX.tar.gz")],
    keyrings: [join(directory, ALPINE_KEY)],
    onEvent: ({ type }) => {
      if (type === "index-loaded") loaded++;
    },
  });
  for (let count = 0; count < 500; count++) await solveFor(context, ["nginx", "git"], AMD64);
  assert.equal(loaded, 1);
});

test("a lock makes the same image from the cache alone, without any repository", async (t) => {
  const packages = [makeApk({ name: "a", files: [{ path: "a" }] }), makeApk({ name: "b", record: ["D:a"] })];
  const { context, directory } = await repositoryOf(t, packages);
  const lock = { version: 1, reference: "apk:b", solutions: [await solveFor(context, ["b"])] } as const;
  const text = formatLock(lock);
  assert.ok(!text.includes(directory), "a lock names no machine's path");
  const { solutions } = parseLock(text, "cooper.lock");
  const first = await imageOfPackages(solutions, context).digest();
  const offline = { network: "offline", cache: { directory: context.cache.directory } } as const;
  assert.equal(await imageOfPackages(solutions, await testContext(t, offline)).digest(), first);
  const empty = imageOfPackages(solutions, await testContext(t, { network: "offline" }));
  await assert.rejects(empty.digest(), { code: "REPOSITORY_INVALID" });
  const elsewhere = await testContext(t, { repositories: [join(directory, "x86_64/APKINDEX.tar.gz")] });
  assert.equal(await imageOfPackages(solutions, elsewhere).digest(), first);
});
