import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareVersions, isVersion } from "./version.ts";

/** Each is older than the next. */
const ASCENDING = [
  "0.9",
  "0.99f7",
  "0.99f8",
  "1_alpha",
  "1_alpha2",
  "1_beta",
  "1_pre",
  "1_rc1",
  "1_rc1-r3",
  "1_rc1_git20220101",
  "1",
  "1-r0",
  "1-r1",
  "1-r10",
  "1_cvs",
  "1_svn",
  "1_git20220219",
  "1_git20220219-r2",
  "1_hg",
  "1_p1",
  "1_p1_p2",
  "1_p2",
  "1a",
  "1a-r1",
  "1b",
  "1.0001",
  "1.005",
  "1.0",
  "1.0.1",
  "1.05",
  "1.1",
  "1.2",
  "1.10",
  "6.3_p20220521-r0",
  "6.8.0p1-r4",
  "6.8.0p2-r4",
  "6.8.0q",
  "6.8.0.1",
  "20220614",
  "20220614120000",
  "99999999999999999999998",
  "99999999999999999999999",
];

test("versions are ordered as apk orders them", () => {
  const wrong: string[] = [];
  for (const [a, older] of ASCENDING.entries()) {
    for (const [b, newer] of ASCENDING.entries()) {
      if (compareVersions(older, newer) !== Math.sign(a - b)) wrong.push(`${older} and ${newer}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("text that is no version is told from one that is", () => {
  const versions = ["1", "0.99f7", "6.8.0p2-r4", "1.2.3_rc1_p2-r0", "2015.04.10-r3", "1_git", "v1.0"];
  const others = ["1.2-3", "1_foo", "1-rc1x", "1.2b3c_x", "1 ", "1.0-r1.2", "1-r1_p1"];
  assert.deepEqual(versions.filter(isVersion), versions);
  assert.deepEqual(others.filter(isVersion), []);
});

test("comparing the other way round gives the opposite", () => {
  const text = fc.stringMatching(
    /^[0-9]{1,3}(\.[0-9]{1,3}){0,3}[a-c]?(_(rc|p|git|alpha)[0-9]{0,2}){0,2}(-r[0-9])?$/,
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.ok(isVersion(a));
      assert.equal(compareVersions(a, b) + compareVersions(b, a), 0);
    }),
  );
});
