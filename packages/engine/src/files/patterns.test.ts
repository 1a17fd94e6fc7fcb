import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOfPattern, parsePatterns, Patterns } from "./patterns.ts";

/** Lines, a path, and whether the path is chosen. */
const CASES: readonly [string, string, boolean][] = [
  ["node_modules", "node_modules", true],
  ["node_modules", "node_modules/a/b.js", true],
  ["node_modules", "app/node_modules", false],
  ["**/node_modules", "app/node_modules/x", true],
  ["**/node_modules", "node_modules", true],
  ["/dist/", "dist/a", true],
  ["*.log", "a.log", true],
  ["*.log", "a/b.log", false],
  ["**/*.log", "a/b/c.log", true],
  ["a/**", "a/b", true],
  ["a/**", "a", false],
  ["a/**/z", "a/z", true],
  ["a/**/z", "a/b/c/z", true],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["[a-c]x", "bx", true],
  ["[^a-c]x", "bx", false],
  ["a\\*", "a*", true],
  ["a\\*", "ab", false],
  ["*\n!keep", "keep", false],
  ["*\n!keep", "other", true],
  ["*\n!keep", "keep/inside", false],
  ["docs\n!docs/keep.md", "docs/keep.md", false],
  ["docs\n!docs/keep.md", "docs/other.md", true],
  ["!a\na", "a", true],
  [".", "anything", false],
  ["/", "anything", false],
  ["a.c", "abc", false],
  ["package-lock.json", "package-lock.json", true],
  ["a+b (1)|{2}", "a+b (1)|{2}", true],
  ["# comment\n\n  a  ", "a", true],
  ["ä*", "äö", true],
  // As moby's patternmatcher 0.6 answers, also where one would not think so.
  ["[!a]x", "!x", true],
  ["[!a]x", "bx", false],
  ["[\\]]x", "]x", true],
  ["[^\\]a]x", "bx", true],
  ["[^\\]a]x", "]x", false],
  ["a/../b", "b", true],
  ["../b", "b", false],
  [" # x", "# x", true],
  ["**a", "dist/a", true],
  ["**a", "dist/xa", true],
  ["a**b", "a/b", true],
  ["a**b", "a/x/b", true],
  ["a**b", "acb", false],
  ["a**", "abc", true],
  ["/**/a", "x/y/a", true],
];

test("a path is chosen as a .dockerignore would choose it", () => {
  for (const [text, path, expected] of CASES) {
    assert.equal(
      new Patterns(parsePatterns(text)).has(path),
      expected,
      `${JSON.stringify(text)} for ${path}`,
    );
  }
});

test("a directory that is chosen whole need not be looked into, unless a line takes something back", () => {
  assert.ok(new Patterns(["node_modules"]).hasAllIn("node_modules"));
  assert.ok(!new Patterns(["docs", "!docs/keep.md"]).hasAllIn("docs"));
  assert.ok(!new Patterns(["a/b"]).hasAllIn("a"));
});

test("a directory is looked into where something in it may be chosen", () => {
  const cases: readonly [string, string, boolean][] = [
    ["a/b/c", "a", true],
    ["a/b/c", "a/b", true],
    ["a/b/c", "a/x", false],
    ["a/b/c", "b", false],
    ["**/c", "any/where", true],
    ["a/**/c", "a/x/y", true],
    ["a/**/c", "b/x", false],
    ["*/c", "a", true],
    ["*.ts", "src", false],
  ];
  for (const [line, directory, expected] of cases) {
    assert.equal(new Patterns([line]).mayHaveIn(directory), expected, `${line} for ${directory}`);
  }
});

test("a line that Docker refuses is told from one that it takes", () => {
  for (const line of ["!", "a\\", "[", "[a", "a[]b", "[a-]x", "[]]x", "[a-z0-9_-]x"])
    assert.match(faultOfPattern(line) ?? "", /./, line);
  for (const line of ["a", "!a", "a\\ b", "\\[x", "[a-z]", "[^a-z]*", "[\\]]", "a]", "[a\\-]"])
    assert.equal(faultOfPattern(line), undefined, line);
});

test("where a pattern of a plan names the root, it names everything", () => {
  for (const line of [".", "/", "./"]) assert.ok(new Patterns([line]).has("any/where"), line);
});
