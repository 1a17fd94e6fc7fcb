import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOfToml } from "./toml-places.ts";

const TEXT = `# a file
start = "node \\"a\\".js" # and [no.table]
"odd key" . 'x' = 1

[steps.install]
commands = [
  "...", # ] no end
  ['a', "b"],
]
copies = [{ from = "source", target = "a]b" }, { from = """
x""" }]

[[list]]
a = 1
[[list]]
a = 2
[list.deep]
b = 1979-05-27T07:32:00Z
`;

/** A path, whether its key or its value is looked for, and the line and column. */
const CASES: readonly [readonly (string | number)[], "key" | "value", number, number][] = [
  [["start"], "key", 2, 1],
  [["start"], "value", 2, 9],
  [["odd key", "x"], "value", 3, 19],
  [["steps", "install"], "key", 5, 1],
  [["steps", "install", "commands", 0], "value", 7, 3],
  [["steps", "install", "commands", 1, 1], "value", 8, 9],
  [["steps", "install", "copies", 0, "target"], "key", 10, 30],
  [["steps", "install", "copies", 1, "from"], "value", 10, 57],
  [["list", 0, "a"], "key", 14, 1],
  [["list", 1, "a"], "value", 16, 5],
  [["list", 1, "deep", "b"], "value", 18, 5],
  [["steps", "install", "nowhere"], "value", 5, 1],
];

for (const [path, what, line, column] of CASES) {
  test(`the ${what} of ${path.join(".")} stands in line ${line}, column ${column}`, () => {
    assert.deepEqual(placesOfToml(TEXT)(path, what), { line, column });
  });
}

test("a text that is no TOML ends", () => {
  for (const text of ["[", "a", "a =", "a = [", "= 1", "{}", '"', "[[a", "]"]) {
    assert.equal(placesOfToml(text)(["nothing"], "key"), undefined, text);
  }
});
