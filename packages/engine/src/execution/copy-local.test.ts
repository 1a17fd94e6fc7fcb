import assert from "node:assert/strict";
import { test } from "node:test";
import { modeOf } from "./copy-local.ts";

/** What a file has, and what a copy for readers gives it. */
const MODES: readonly [string, string][] = [
  ["600", "644"],
  ["640", "644"],
  ["664", "644"],
  ["700", "755"],
  ["775", "755"],
  ["666", "666"],
  ["777", "777"],
  ["1777", "1777"],
  ["4711", "4755"],
  ["000", "000"],
];

for (const [before, after] of MODES) {
  test(`a copy that is to be readable gives ${before} the mode ${after}`, () => {
    const copy = { source: "a", target: "b" };
    const mode = Number.parseInt(before, 8);
    assert.equal(
      modeOf({ ...copy, modes: "readable" }, mode)
        .toString(8)
        .padStart(3, "0"),
      after,
    );
    assert.equal(modeOf(copy, mode), mode);
  });
}
