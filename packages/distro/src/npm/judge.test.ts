import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { parsePlatform } from "@cooper/oci";
import { openContext } from "../ecosystem/open-context.ts";
import { base } from "./base.fixture.ts";
import { openBench } from "./bench.fixture.ts";
import { treeByNpm, treeOf } from "./judge.fixture.ts";
import { npmOn } from "./npm.ts";
import { file } from "./registry.fixture.ts";

test("npm ci puts the same bytes with the same modes at the same places", async (t) => {
  const { solve, npm, context } = await openBench(
    t,
    { name: "ansi", version: "1.0.0", members: [file("package/index.js", "ansi 1")] },
    { name: "ansi", version: "2.0.0", members: [file("weird/index.js", "ansi 2", 0o600)] },
    { name: "for-x64", version: "1.0.0", manifest: { os: ["linux"], cpu: ["x64"] } },
    { name: "for-arm64", version: "1.0.0", manifest: { os: ["linux"], cpu: ["arm64"], libc: ["glibc"] } },
    {
      name: "@scope/say",
      version: "1.2.3",
      manifest: {
        bin: "./bin/say.js",
        dependencies: { ansi: "^1" },
        optionalDependencies: { "for-x64": "1", "for-arm64": "1" },
      },
      members: [
        file("package/bin/say.js", "#!/usr/bin/env node"),
        file("package/run.sh", "#!/bin/sh", 0o777),
        { path: "package/link", type: "symlink", linkPath: "run.sh" },
      ],
    },
    { name: "inner", version: "1.0.0" },
    {
      name: "outer",
      version: "1.0.0",
      manifest: { dependencies: { inner: "1" }, bundleDependencies: ["inner"] },
      members: [file("package/node_modules/inner/package.json", '{"name":"inner","version":"1.0.0"}')],
    },
    {
      name: "cow",
      version: "1.0.0",
      manifest: {
        bin: { cow: "cli.js", moo: "cli.js" },
        dependencies: { ansi: "2", "@scope/say": "*", outer: "1" },
      },
      members: [file("package/cli.js", "moo"), file("./package/./lib/b", "b")],
    },
  );
  const assembly = await npm.assemble(await solve("cow", "linux/arm64"), context);
  const tree = await treeOf(assembly);
  assert.deepEqual([...tree].toSorted(), [...(await treeByNpm(t, assembly, context, "arm64"))].toSorted());
  assert.ok(
    tree.has("node_modules/for-arm64/package.json") && !tree.has("node_modules/for-x64/package.json"),
  );
});

test("cowsay from the machine's own registry is as npm ci installs it", async (t) => {
  try {
    execFileSync("npm", ["ping", "--fetch-retries=0"], { stdio: "ignore" });
  } catch {
    t.skip("SKIPPED: npm's registry, as configured on this machine, does not answer npm ping");
    return;
  }
  const directory = join(import.meta.dirname, "../../../../node_modules/.cache/cooper-test");
  const context = await openContext({ cache: { directory } });
  t.after(async () => await context.close());
  const npm = npmOn(base);
  const solution = await npm.solve(npm.parse("cowsay=1.6.0"), parsePlatform("linux/amd64"), context);
  const assembly = await npm.assemble(solution, context);
  assert.deepEqual((await assembly.whole({})).run.Entrypoint, [
    "/usr/local/bin/node",
    "/app/node_modules/cowsay/cli.js",
  ]);
  assert.deepEqual(
    [...(await treeOf({ ...assembly, packages: assembly.packages.slice(2) }))].toSorted(),
    [...(await treeByNpm(t, assembly, context, "x64"))].toSorted(),
  );
});
