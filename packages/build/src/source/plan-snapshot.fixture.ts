import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { Settings } from "./provider.ts";
import { planSource } from "./plan-source.ts";
import { sourceOf } from "./source.fixture.ts";

/**
 * The plan of these files is the one that is kept in `plans/NAME.json` beside the provider: what changes
 * a plan shows in a commit. `COOPER_UPDATE_PLANS=1` writes them anew.
 */
export async function planIsAsKept(
  t: TestContext,
  directory: string,
  name: string,
  files: Readonly<Record<string, string>>,
  settings: Settings = { variables: {} },
): Promise<void> {
  const plan = planSource(await sourceOf(t, files), settings);
  const path = join(directory, "plans", `${name}.json`);
  if (process.env["COOPER_UPDATE_PLANS"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(plan, undefined, 2)}\n`);
  }
  assert.ok(existsSync(path), `${path} is missing: COOPER_UPDATE_PLANS=1 writes it`);
  const kept: unknown = JSON.parse(readFileSync(path, "utf8"));
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), kept);
}
