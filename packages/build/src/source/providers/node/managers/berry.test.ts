import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceOf } from "../../../project/source.fixture.ts";
import { node } from "../node.ts";

const SERVER = JSON.stringify({
  main: "a.js",
  dependencies: { koa: "2" },
  devDependencies: { prettier: "3" },
});

/** The head of a lock, and the line of Yarn that writes it: seen with 2.4.2, 3.0.2, 3.1.1, 3.8.7 and 4.18.1. */
const LOCKS: readonly [string, string][] = [
  ["version: 4\n  cacheKey: 7", "2"],
  ["version: 4\n  cacheKey: 8", "3.0"],
  ["version: 5\n  cacheKey: 8", "3.1"],
  ["version: 6\n  cacheKey: 8", "3"],
  ["version: 8\n  cacheKey: 10c0", "4"],
  ["version: 10\n  cacheKey: 10c0", "4"],
];

for (const [head, line] of LOCKS) {
  test(`a lock of ${head.replace(/\s+/g, " ")} is followed by Yarn ${line}`, async (t) => {
    const files = { "package.json": SERVER, "a.js": "", "yarn.lock": `__metadata:\n  ${head}\n` };
    const { steps } = node.plan(await sourceOf(t, files), { variables: {} });
    assert.equal(steps["tools"]?.root?.at(-1), `npm:@yarnpkg/cli-dist=${line}/+global`);
  });
}

test("a map of Plug'n'Play is neither where an application is built nor in its image", async (t) => {
  const files = {
    "package.json": JSON.stringify({ scripts: { build: "tsc", start: "node a.js" } }),
    "yarn.lock": "__metadata:\n  version: 8\n",
    ".pnp.cjs": "",
  };
  const { steps, deploy } = node.plan(await sourceOf(t, files), { variables: {} });
  assert.deepEqual(steps["build"]?.copies?.[0]?.exclude, [".pnp.*"]);
  assert.ok(deploy.copies[0]?.exclude?.includes(".pnp.*"));
});
