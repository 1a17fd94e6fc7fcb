import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Plan, parsePlan } from "./plan.ts";

/**
 * A plan is the one that is stored as `plans/SHAPE.json` beside its provider. With
 * COOPER_UPDATE_PLANS=1 it is stored anew, to be read before it is committed.
 */
export function assertStoredPlan(plan: Plan, provider: string, shape: string): void {
  const path = join(provider, "plans", `${shape}.json`);
  if (process.env["COOPER_UPDATE_PLANS"] === "1") {
    mkdirSync(join(provider, "plans"), { recursive: true });
    writeFileSync(path, `${JSON.stringify(plan, undefined, 2)}\n`);
  }
  assert.deepEqual(parsePlan(plan, shape), parsePlan(JSON.parse(readFileSync(path, "utf8")), path));
}
