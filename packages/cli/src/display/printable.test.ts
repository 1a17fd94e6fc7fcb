import assert from "node:assert/strict";
import { test } from "node:test";
import { printable } from "./printable.ts";

test("a name that would move the cursor, turn the text around or is not UTF-8 is spelled out", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["plain name.txt", "plain name.txt"],
    ["naïve 名前", "naïve 名前"],
    ["a\u001b[2Jb", "a\\x1b[2Jb"],
    ["a\nb\tc", "a\\nb\\tc"],
    ["evil\u202etxt.exe", "evil\\u{202e}txt.exe"],
    ["latin1-\udce9", "latin1-\\xe9"],
    ["\u009b31m", "\\x9b31m"],
  ];
  for (const [name, shown] of cases) assert.equal(printable(name), shown);
});

test("characters outside the basic plane stay as they are", () => {
  assert.equal(printable("📦 box"), "📦 box");
});
