import assert from "node:assert/strict";
import { test } from "node:test";
import type { Solution } from "../ecosystem/solution.ts";
import { openBench } from "./bench.fixture.ts";

function versionsOf({ packages }: Solution): readonly string[] {
  return packages.map(({ name, version }) => `${name} ${version}`);
}

test("npm is not asked again about a package that stands alone while the registry says the same of it", async (t) => {
  const { solve, registry } = await openBench(t, { name: "alone", version: "1.0.0" });
  const asked = async (): Promise<{ readonly solution: Solution; readonly documents: number }> => {
    registry.requests.length = 0;
    const solution = await solve("alone=^1/+global");
    return { solution, documents: registry.requests.filter((path) => path === "alone").length };
  };
  const first = await asked();
  assert.deepEqual([versionsOf(first.solution), first.documents], [["alone 1.0.0"], 2]);
  const again = await asked();
  assert.deepEqual([again.solution, again.documents], [first.solution, 1]);

  await registry.publish({ name: "alone", version: "1.1.0" });
  const later = await asked();
  assert.deepEqual([versionsOf(later.solution), later.documents], [["alone 1.1.0"], 2]);
});

test("of packages that need others npm is asked each time", async (t) => {
  const needy = { name: "needy", version: "1.0.0", manifest: { dependencies: { needed: "1" } } };
  const { solve, registry } = await openBench(t, needy, { name: "needed", version: "1.0.0" });
  await solve("needy/+global");
  await registry.publish({ name: "needed", version: "1.1.0" });
  assert.deepEqual(versionsOf(await solve("needy/+global")), ["needed 1.1.0", "needy 1.0.0"]);
});
