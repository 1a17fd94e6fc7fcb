import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRateLimit } from "./rate-limit.ts";
import { parseWarnings, plainText } from "./warnings.ts";

test("a warning is a 299 with text in quotes, and several may be joined", () => {
  assert.deepEqual(
    parseWarnings(['299 - "a, \\"b\\""', '299 - "c", 299 - "d"', '110 - "stale"', "nonsense"]),
    ['a, "b"', "c", "d"],
  );
});

test("warnings beyond 4096 bytes are cut off", () => {
  const long = "x".repeat(3000);
  assert.deepEqual(parseWarnings([`299 - "${long}"`, `299 - "${long}"`]), [long]);
});

test("text of a stranger cannot drive the terminal", () => {
  assert.equal(plainText("a\u001b[2Jb\r\nc\u202ed"), "a [2Jb c d");
  assert.equal(plainText("abcdef", 3), "abc…");
});

test("a rate limit has a count and a window in seconds", () => {
  assert.deepEqual(parseRateLimit("h", "100;w=21600", "76;w=21600"), {
    host: "h",
    limit: 100,
    remaining: 76,
    window: 21600,
  });
  assert.deepEqual(parseRateLimit("h", undefined, "3"), {
    host: "h",
    limit: undefined,
    remaining: 3,
    window: undefined,
  });
  assert.equal(parseRateLimit("h", "many", undefined), undefined);
});
