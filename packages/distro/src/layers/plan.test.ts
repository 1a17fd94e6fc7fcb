import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as check, integer, nat, property, record, string } from "fast-check";
import { solvedPackage } from "../ecosystem/solved.fixture.ts";
import { planLayers } from "./plan.ts";

const CURL = solvedPackage("curl", { origin: "curl", installedSize: 500 });
const LIBCURL = solvedPackage("libcurl4", { origin: "curl", installedSize: 800, dependents: 1 });
const LIBC = solvedPackage("libc6", { origin: "glibc", installedSize: 13_000, dependents: 2 });
const PACKAGES = [LIBC, LIBCURL, CURL];

test("packages of one source share a layer unless each is to have its own", () => {
  assert.deepEqual(planLayers(PACKAGES), [[0], [1, 2]]);
  assert.deepEqual(planLayers(PACKAGES, { strategy: "per-package" }), [[0], [1], [2]]);
  assert.deepEqual(planLayers(PACKAGES, { strategy: "single" }), [[0, 1, 2]]);
});

test("where the budget is short, the large and the widely needed have layers of their own", () => {
  const packages = [
    solvedPackage("tiny", { installedSize: 1 }),
    solvedPackage("needed", { installedSize: 100, dependents: 9 }),
    solvedPackage("large", { installedSize: 5000 }),
    solvedPackage("medium", { installedSize: 900 }),
  ];
  assert.deepEqual(planLayers(packages, { budget: 4 }), [[1], [2], [0, 3]]);
  assert.deepEqual(planLayers(packages, { budget: 2 }), [[0, 1, 2, 3]]);
  assert.deepEqual(planLayers(packages, { budget: 5 }), [[0], [1], [2], [3]]);
});

test("a budget that no image can have is refused", () => {
  for (const budget of [0, 1, 121, 2.5, Number.NaN]) {
    assert.throws(() => planLayers(PACKAGES, { budget }), { code: "LAYERING_INVALID" });
  }
});

test("every package is in one layer, and the budget is kept, whatever the packages", () => {
  const packages = array(
    record({
      name: string({ minLength: 1, maxLength: 3 }),
      installedSize: nat(),
      dependents: nat(50),
    }),
  );
  check(
    property(packages, integer({ min: 2, max: 120 }), (facts, budget) => {
      const solved = facts.map(({ name, ...rest }, place) => solvedPackage(`${name}${place}`, rest));
      const plan = planLayers(solved, { budget });
      assert.ok(plan.length <= budget - 1);
      assert.deepEqual(
        plan.flat().toSorted((a, b) => a - b),
        [...solved.keys()],
      );
    }),
  );
});
