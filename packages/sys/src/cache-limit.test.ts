import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheLimit, freeSpace } from "./cache-limit.ts";

const GIB = 2 ** 30;

test("a cache holds 20 GiB at the most, and no more than stays free beside it", () => {
  const cases: readonly [held: number, free: number, limit: number][] = [
    [0, 500, 20],
    [19, 500, 20],
    [10, 4, 7],
    [10, 0, 5],
    [2, 30, 16],
  ];
  for (const [held, free, limit] of cases)
    assert.equal(cacheLimit({})({ held: held * GIB, free: free * GIB }), limit * GIB, `${held} and ${free}`);
});

test("what somebody says counts, however much is free", () => {
  const room = { held: 10 * GIB, free: 0 };
  assert.equal(cacheLimit({ COOPER_CACHE_LIMIT: "50g" })(room), 50 * GIB);
  assert.equal(cacheLimit({ COOPER_CACHE_LIMIT: "0" })(room), 0);
});

test("what is no size is an error that names it, and what is said of nothing is not", () => {
  assert.throws(() => cacheLimit({ COOPER_CACHE_LIMIT: "20 gigabytes" }), {
    code: "SETTING_INVALID",
    kind: "usage",
    message: /COOPER_CACHE_LIMIT=20 gigabytes: write a size, such as 500m or 20g/,
  });
  assert.equal(cacheLimit({ COOPER_CACHE_LIMIT: "" })({ held: 0, free: 8 * GIB }), 4 * GIB);
});

test("a full disk does not mean that all of a cache goes", () => {
  assert.equal(cacheLimit({})({ held: 0, free: 0 }), 1);
});

test("what is free on a disk is told in bytes", () => {
  assert.ok(freeSpace("/") > 0);
});
