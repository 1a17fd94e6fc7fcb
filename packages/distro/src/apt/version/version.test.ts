import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareVersions, versionMatches } from "./version.ts";

/** Each is older than the next. */
const ASCENDING = [
  "0~~",
  "0~~a",
  "0~",
  "0",
  "0.9-1",
  "1.0~rc1-1",
  "1.0~rc1-1+b1",
  "1.0",
  "1.0-0.1",
  "1.0-1~bpo12+1",
  "1.0-1",
  "1.0-1+deb12u1",
  "1.0-1+deb12u10",
  "1.0a-1",
  "1.0+dfsg-1",
  "1.0.0-1",
  "1.1-1",
  "1.10-1",
  "99999999999999999999998",
  "99999999999999999999999",
  "1:0.1",
  "2:0.0~1",
];

test("versions are ordered as dpkg orders them", () => {
  const wrong: string[] = [];
  for (const [a, older] of ASCENDING.entries()) {
    for (const [b, newer] of ASCENDING.entries()) {
      if (compareVersions(older, newer) !== Math.sign(a - b)) wrong.push(`${older} and ${newer}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("zeros in front, a zero epoch and a zero revision make no difference", () => {
  for (const [a, b] of [
    ["1.0", "0:1.0"],
    ["1.0", "1.0-0"],
    ["1.01", "1.1"],
    ["1.0", "1.00"],
  ] as const) {
    assert.equal(compareVersions(a, b), 0, `${a} and ${b}`);
  }
});

test("a relation holds where the order says so", () => {
  assert.ok(versionMatches("1.0-1", ">=", "1.0"));
  assert.ok(versionMatches("1.0~rc1", "<<", "1.0"));
  assert.ok(versionMatches("1.0", "=", "1.0"));
  assert.ok(!versionMatches("1.0", ">>", "1.0"));
  assert.ok(versionMatches("1.0", "<=", "1:0"));
});

const version = fc
  .tuple(
    fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    fc.stringMatching(/^[0-9][0-9a-c.+~]{0,8}$/),
    fc.option(fc.stringMatching(/^[0-9a-c.+~]{1,5}$/), { nil: undefined }),
  )
  .map(
    ([epoch, upstream, revision]) =>
      `${epoch === undefined ? "" : `${epoch}:`}${upstream}${revision === undefined ? "" : `-${revision}`}`,
  );

test("the order is one: the other way round is the opposite, and what follows from two follows", () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(compareVersions(a, b) + compareVersions(b, a), 0);
      const sorted = [a, b, c].toSorted(compareVersions);
      assert.ok(compareVersions(sorted[0] ?? "", sorted[2] ?? "") <= 0);
    }),
  );
});

test("dpkg agrees", (t) => {
  const pairs = fc.sample(fc.tuple(version, version), { numRuns: 1000, seed: 12 });
  // One shell for all of them: dpkg is started for each, but nothing else.
  const script = pairs
    .map(([a, b]) => `dpkg --compare-versions '${a}' lt '${b}' 2>/dev/null && echo '<' || echo '>='`)
    .join("\n");
  const judged = spawnSync("sh", ["-c", 'command -v dpkg >/dev/null || exit 3; eval "$(cat)"'], {
    input: script,
    encoding: "utf8",
  });
  if (judged.status === 3) {
    t.skip("SKIPPED: dpkg is missing");
    return;
  }
  const theirs = judged.stdout.trim().split("\n");
  const wrong = pairs.filter(([a, b], at) => (compareVersions(a, b) < 0 ? "<" : ">=") !== theirs[at]);
  assert.equal(theirs.length, pairs.length);
  assert.deepEqual(wrong, []);
});
