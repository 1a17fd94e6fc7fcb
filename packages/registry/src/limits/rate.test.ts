import assert from "node:assert/strict";
import { test } from "node:test";
import { RateLimit } from "./rate.ts";

test("a burst passes, then the rate counts, and a rest fills the bucket again", () => {
  const limit = new RateLimit({ perSecond: 2, burst: 3 });
  assert.deepEqual(
    [0, 0, 0].map((now) => limit.take("a", now)),
    [0, 0, 0],
  );
  assert.equal(limit.take("a", 0), 0.5);
  assert.equal(limit.take("a", 250), 0.25);
  assert.equal(limit.take("b", 250), 0, "another client has a bucket of its own");
  assert.equal(limit.take("a", 500), 0);
  assert.equal(limit.take("a", 500), 0.5);
  const rested = [0, 1, 2, 3].map(() => limit.take("a", 1_000_000));
  assert.deepEqual(rested, [0, 0, 0, 0.5]);
});

test("a million clients do not fill the memory", () => {
  const limit = new RateLimit({ perSecond: 1, burst: 1 });
  for (let client = 0; client < 50_000; client += 1) assert.equal(limit.take(String(client), 0), 0);
  assert.equal(limit.take("49999", 0), 1, "who came last is known");
  assert.equal(limit.take("0", 0), 0, "who came first is forgotten");
});
