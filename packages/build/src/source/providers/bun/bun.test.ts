import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { bun } from "./bun.ts";

const NONE = { variables: {} } as const;
type Files = Readonly<Record<string, string>>;

/** Files, by the shape of an application. */
const SHAPES: Readonly<Record<string, Files>> = {
  "a-server": {
    "package.json": JSON.stringify({
      packageManager: "bun@1.4.5",
      scripts: { start: "bun run server.ts" },
      dependencies: { hono: "4" },
    }),
    "bun.lock": "{}",
    "server.ts": "",
  },
  "a-module-that-is-built": {
    "package.json": JSON.stringify({
      module: "index.ts",
      scripts: { build: "bun build index.ts --outdir out" },
    }),
    "bunfig.toml": "",
    "index.ts": "",
  },
};

for (const [shape, files] of Object.entries(SHAPES)) {
  test(`the plan of ${shape.replaceAll("-", " ")} for Bun is the stored one`, async (t) => {
    assertStoredPlan(bun.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

/** Files, and why the application is Bun's, or that it is not. */
const DETECTED: readonly [string, Files, string | undefined][] = [
  [
    "a script that calls it",
    { "package.json": '{"scripts":{"start":"A=1 bun a.ts"}}' },
    'started by "A=1 bun a.ts"',
  ],
  ["its lock alone", { "package.json": "{}", "bun.lock": "{}" }, "bun.lock"],
  [
    "its lock, and Node in the script",
    { "package.json": '{"scripts":{"start":"node a.js"}}', "bun.lock": "" },
    undefined,
  ],
  [
    "its lock, and a framework",
    { "package.json": '{"dependencies":{"next":"15"}}', "bun.lock": "" },
    undefined,
  ],
  [
    "a script that leads to it",
    { "package.json": '{"scripts":{"start":"npm run a","a":"bun a.ts"}}' },
    'started by "npm run a"',
  ],
  ["a word that begins so", { "package.json": '{"scripts":{"start":"bundle a"}}' }, undefined],
];

for (const [name, files, reason] of DETECTED) {
  test(`${name}: ${reason === undefined ? "not Bun's" : "Bun's"}`, async (t) => {
    assert.equal(bun.detect(await sourceOf(t, files)), reason);
  });
}

test("what starts it is Bun, whatever the framework or the file", async (t) => {
  const source = await sourceOf(t, { "package.json": "{}", "bun.lock": "{}", "index.ts": "" });
  assert.deepEqual(bun.plan(source, NONE).deploy.command, ["bun", "index.ts"]);
});
