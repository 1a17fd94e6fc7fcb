import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { withoutComments } from "./configuration.ts";
import { deno } from "./deno.ts";

const NONE = { variables: {} } as const;
type Files = Readonly<Record<string, string>>;

/** Files, by the shape of an application. */
const SHAPES: Readonly<Record<string, Files>> = {
  "a-task": {
    "deno.json": '{ "tasks": { "start": "deno run --watch --allow-net main.ts" }, "imports": {} }',
    "deno.lock": "{}",
    "main.ts": "Deno.serve(() => new Response());",
    ".dvmrc": "2.4.0",
  },
  "a-build-with-packages": {
    "deno.jsonc":
      '{ // built\n "tasks": { "build": { "command": "deno run -A build.ts" }, "start": "a && b" },\n}',
    "package.json": "{}",
  },
};

for (const [shape, files] of Object.entries(SHAPES)) {
  test(`the plan of ${shape.replaceAll("-", " ")} for Deno is the stored one`, async (t) => {
    assertStoredPlan(deno.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

/** Files beside a deno.json, and what is started. */
const STARTS: readonly [string, Files, readonly string[]][] = [
  ["a module that listens", { "server.ts": "Deno.serve(f)" }, ["deno", "run", "--allow-all", "server.ts"]],
  [
    "a module that exports what answers",
    { "main.ts": "export default { fetch() {} };" },
    ["deno", "task", "--eval", "deno serve --allow-all --host 0.0.0.0 --port $PORT main.ts"],
  ],
  ["exports", { "deno.json": '{"exports":"./a.ts"}', "a.ts": "" }, ["deno", "run", "--allow-all", "a.ts"]],
  [
    "a task with more than one program",
    { "deno.json": '{"tasks":{"start":"x && deno run a.ts"}}' },
    ["deno", "task", "start"],
  ],
];

for (const [name, files, command] of STARTS) {
  test(`${name} is started by ${command.join(" ")}`, async (t) => {
    const source = await sourceOf(t, { "deno.json": "{}", ...files });
    assert.deepEqual(deno.plan(source, NONE).deploy.command, command);
  });
}

test("a configuration may have comments, which in a string are text", () => {
  const text = '{ "a": "x // y", /* b: */ "c": ["/*", "d",], // e\n}';
  assert.deepEqual(JSON.parse(withoutComments(text)), { a: "x // y", c: ["/*", "d"] });
});

test("a configuration that is none is named with what is wrong", async (t) => {
  const broken = await sourceOf(t, { "deno.json": "{" });
  assert.throws(() => deno.plan(broken, NONE), {
    code: "SOURCE_INVALID",
    message: /^deno\.json is not JSON/,
  });
  const wrong = await sourceOf(t, { "deno.json": '{"tasks":[]}' });
  assert.throws(() => deno.plan(wrong, NONE), { code: "SOURCE_INVALID", message: /^deno\.json: tasks/ });
});
