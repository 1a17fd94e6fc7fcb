import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import type { Cache } from "../cache/cache.ts";
import type { OpenContext } from "../ecosystem/open-context.ts";
import { parseRequest } from "./request.ts";
import { AMD64, makeKey, testContext, write, writeRepository } from "./release/repository.fixture.ts";
import { solveRequest } from "./solve-request.ts";

const PACKAGES = [
  "app Depends: lib; Recommends: more",
  "lib",
  "more",
  "base-files Depends: awk",
  "mawk Provides: awk; Priority: required",
  "dash Essential: yes; Depends: lib; Priority: required",
  "coreutils Conflicts: odd",
  "odd",
];

async function contextOf(t: TestContext): Promise<OpenContext & Awaited<ReturnType<typeof testContext>>> {
  const key = await makeKey();
  const [root, keys] = [temporaryDirectory(t), temporaryDirectory(t)];
  write(join(keys, "key.asc"), key.public);
  await writeRepository(root, { keys: [key], packages: PACKAGES });
  return await testContext(t, { repositories: [`${root} stable main`], keyrings: [keys] });
}

const names = (packages: readonly { readonly name: string }[] = []): readonly string[] =>
  packages.map(({ name }) => name).toSorted();

test("what was asked for stands apart from what every image stands on", async (t) => {
  const context = await contextOf(t);
  const { packages, base } = await solveRequest(parseRequest("app"), AMD64, context);
  assert.deepEqual(names(packages), ["app", "lib"]);
  assert.deepEqual(names(base?.packages), ["base-files", "coreutils", "dash", "mawk"]);
  assert.equal(base?.packages.find(({ name }) => name === "mawk")?.reason, "needed by base-files (awk)");
  assert.equal(packages.find(({ name }) => name === "lib")?.dependents, 1);
});

test("the base is left out where it is not wanted, or cannot be with what was asked for", async (t) => {
  const context = await contextOf(t);
  assert.equal((await solveRequest(parseRequest("app/+nobase"), AMD64, context)).base, undefined);
  const { packages, base } = await solveRequest(parseRequest("odd"), AMD64, context);
  assert.deepEqual(names(packages), ["odd"]);
  assert.equal(base, undefined);
  assert.ok(context.events.some((event) => event.type === "warning" && event.subject.includes("coreutils")));
});

test("recommendations, essential packages and priorities come on request", async (t) => {
  const context = await contextOf(t);
  const solved = async (text: string): Promise<readonly string[]> =>
    names((await solveRequest(parseRequest(text), AMD64, context)).packages);
  assert.deepEqual(await solved("app/+recommends"), ["app", "lib", "more"]);
  assert.deepEqual(await solved("app/?essential"), ["app", "dash", "lib"]);
  assert.deepEqual(await solved("?priority(required)"), ["dash", "lib", "mawk"]);
});

test("a request is packages, then perhaps a release", () => {
  assert.deepEqual(parseRequest("curl=7.88.1-10+deb12u8/jq:bookworm"), {
    packages: ["curl=7.88.1-10+deb12u8", "jq"],
    release: "bookworm",
  });
  assert.deepEqual(parseRequest("jq/curl/jq"), parseRequest("jq/curl"));
  assert.deepEqual(parseRequest("zlib1g=1:1.2.13.dfsg-1"), { packages: ["zlib1g=1:1.2.13.dfsg-1"] });
  assert.deepEqual(parseRequest("git@bookworm-backports/jq"), { packages: ["git@bookworm-backports", "jq"] });
  for (const text of ["", "/", "curl//jq", "../x", "curl/", "+recommends", "?priority(odd)", "a b"]) {
    assert.throws(() => parseRequest(text), { code: "REQUEST_INVALID" }, text);
  }
});

test("a platform that Debian does not have, or the archive not, is refused", async (t) => {
  const context = await contextOf(t);
  const on = async (architecture: string, os = "linux"): Promise<unknown> =>
    await solveRequest(parseRequest("app"), { os, architecture }, context);
  await assert.rejects(on("amd64", "windows"), { code: "PLATFORM_UNSUPPORTED" });
  await assert.rejects(on("sparc"), { code: "PLATFORM_UNSUPPORTED" });
  await assert.rejects(on("arm64"), { code: "PLATFORM_UNSUPPORTED", message: /nothing for arm64/ });
});

test("an index that cannot be kept is said, and what was asked for is solved all the same", async (t) => {
  const context = await contextOf(t);
  const cache: Cache = {
    directory: context.cache.directory,
    blob: async (digest) => await context.cache.blob(digest),
    storeBlob: async (...given) => await context.cache.storeBlob(...given),
    storeUnnamed: async (...given) => await context.cache.storeUnnamed(...given),
    record: async (...given) => await context.cache.record(...given),
    storeRecord: async (...given) => await context.cache.storeRecord(...given),
    derived: async (_kind, _key, make) => {
      await make("/dev/full", {});
      return "/dev/full";
    },
  };
  const { packages } = await solveRequest(parseRequest("app"), AMD64, { ...context, cache });
  assert.deepEqual(names(packages), ["app", "lib"]);
  const isSaid = (): boolean =>
    context.events.some((event) => event.type === "warning" && /index cannot be kept/.test(event.message));
  while (!isSaid()) await new Promise(setImmediate);
});
