import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatSeconds } from "./units.ts";

test("bytes are told in powers of 1000 with three digits", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [1536, "1.54 kB"],
    [99_949, "99.9 kB"],
    [999_600, "1.00 MB"],
    [123_456_789, "123 MB"],
    [5e12, "5.00 TB"],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test("seconds become minutes and hours", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0.42, "0.4 s"],
    [12.3, "12 s"],
    [185, "3 min 5 s"],
    [7800, "2 h 10 min"],
  ];
  for (const [seconds, text] of cases) assert.equal(formatSeconds(seconds), text);
});
