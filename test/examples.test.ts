import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type Dockerd, requireProgram, run, startDockerd, temporaryDirectory } from "@cooper/test";
import { type Cooper, HOUSE, requireCooper, requireNeeds } from "./examples/cooper.ts";
import { askUnderDocker, askUnderRunc } from "./examples/judge.ts";
import { EXAMPLES, type Example } from "./examples/table.ts";

/** While one is worked on: COOPER_EXAMPLES=python-flask,static-site. */
const CHOSEN = process.env["COOPER_EXAMPLES"]?.split(",");

test("the table has a row for each example, by name", () => {
  const names = EXAMPLES.map(({ name }) => name);
  assert.deepEqual(names, names.toSorted());
  assert.deepEqual(names, readdirSync(join(HOUSE, "examples")).toSorted());
});

// Two at once: one computes while the other waits for the network.
test("every example", { concurrency: 2 }, async (t) => {
  const cooper = await requireCooper(t);
  if (cooper === undefined || requireProgram(t, "nsenter", "util-linux") === undefined) return;
  const engine = await startDockerd(t);
  await Promise.all(
    EXAMPLES.filter(({ name }) => CHOSEN?.includes(name) ?? true).map(async (example) => {
      const title = `examples/${example.name} is built twice into one digest, runs under runc and under Docker, and answers`;
      await t.test(title, async (each) => await judge(each, example, cooper, engine));
    }),
  );
});

async function judge(
  t: TestContext,
  example: Example,
  cooper: Cooper,
  engine: Dockerd | undefined,
): Promise<void> {
  const { name, takes } = example;
  if (takes !== undefined && CHOSEN?.includes(name) !== true) {
    t.skip(`SKIPPED: it takes ${takes}; COOPER_EXAMPLES=${name} builds it`);
    return;
  }
  if (!(await requireNeeds(t, example, cooper))) return;
  const layout = join(temporaryDirectory(t), "image");
  const build = async (...flags: readonly string[]): Promise<string> => {
    const source = join(HOUSE, "examples", example.name);
    const args = ["build", source, "--quiet", "-o", `oci:${layout}:1`, ...flags];
    return (await run(cooper.launcher, args, { env: cooper.env })).stdout.trim();
  };
  const before = await build();
  const after = await build("--no-cache");
  if (example.varies !== undefined) t.diagnostic(`may differ: ${example.varies}`);
  // What was built a day ago may stand on packages that the mirror has replaced since: then once more.
  else if (before !== after) assert.equal(await build("--no-cache"), after);
  await askUnderRunc(cooper, example, `oci:${layout}:1`);
  if (engine !== undefined) await askUnderDocker(cooper, engine, example, `oci:${layout}:1`);
}
