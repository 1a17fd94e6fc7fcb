import assert from "node:assert/strict";
import { test } from "node:test";
import { npmFault } from "./fault.ts";

test("npm's codes become Cooper's, with npm's words", () => {
  const cases: readonly (readonly [code: string, expected: string, kind: string])[] = [
    ["E404", "NOT_FOUND", "failed"],
    ["ETARGET", "UNSOLVABLE", "failed"],
    ["ERESOLVE", "UNSOLVABLE", "failed"],
    ["EALLOWGIT", "UNSOLVABLE", "failed"],
    ["E401", "FETCH_FAILED", "failed"],
    ["EBADPLATFORM", "PLATFORM_UNSUPPORTED", "failed"],
    ["EINTEGRITY", "DIGEST_MISMATCH", "failed"],
    ["ENOTCACHED", "OFFLINE", "failed"],
    ["E503", "FETCH_FAILED", "passing"],
    ["ENOTFOUND", "FETCH_FAILED", "passing"],
    ["ESOMETHINGNEW", "FETCH_FAILED", "failed"],
  ];
  for (const [code, expected, kind] of cases) {
    const fault = npmFault(
      `> a line before\n${JSON.stringify({ error: { code, summary: "because", detail: "" } })}`,
      "",
    );
    assert.deepEqual(
      [fault.code, fault.kind, fault.message],
      [expected, kind, "npm could not solve it: because"],
      code,
    );
  }
});

test("an npm that does not say its error in JSON is quoted, in its last lines", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `npm error line ${index}`).join("\n");
  assert.equal(npmFault("not { json", `${lines}\n\n`).message.split("\n").length, 5);
  assert.match(npmFault("", lines).message, /line 19$/);
  assert.match(npmFault("", "").message, /it said nothing/);
});
