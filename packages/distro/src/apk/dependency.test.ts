import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDependency, isFulfilled, parseDependency, readDependencies } from "./dependency.ts";

function fulfils(version: string | undefined, dependency: string): boolean {
  return isFulfilled(parseDependency(dependency), { version, checksum: "Q1abc=" });
}

test("each operator asks what it says", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["1.2-r0", "a", true],
    ["1.2-r0", "a=1.2-r0", true],
    ["1.2-r0", "a=1.2", false],
    ["1.2-r0", "a>1.2", true],
    ["1.2-r0", "a>=1.2-r0", true],
    ["1.2-r0", "a<1.2-r0", false],
    ["1.2-r0", "a<=1.2-r0", true],
    ["1.2-r0", "a~1.2", true],
    ["1.2-r0", "a=~1.2", true],
    ["1.2-r0", "a~=1.2", true],
    ["1.2.3-r0", "a~1.2", true],
    ["1.20-r0", "a~1.2", false],
    ["1.1-r0", "a~1.2", false],
    ["1.1-r0", "a<~1.2", true],
    ["1.3-r0", "a>~1.2", true],
    ["1.2-r0", "!a", false],
    ["1.2-r0", "!a<1.2", true],
    ["1.2-r0", "!a>1", false],
    ["1.2-r0", "a><Q1abc=", true],
    ["1.2-r0", "a><Q1other=", false],
  ];
  const wrong = rows.filter(([version, dependency, expected]) => fulfils(version, dependency) !== expected);
  assert.deepEqual(wrong, []);
});

test("a name provided without a version fulfils only what names none", () => {
  assert.equal(fulfils(undefined, "a"), true);
  assert.equal(fulfils(undefined, "a>0"), false);
  assert.equal(fulfils(undefined, "!a>0"), true);
  assert.equal(fulfils(undefined, "!a"), false);
});

test("nothing at all fulfils a conflict and nothing else", () => {
  assert.equal(isFulfilled(parseDependency("!a"), undefined), true);
  assert.equal(isFulfilled(parseDependency("a"), undefined), false);
});

test("names with prefixes, dots and tags are read", () => {
  const dependency = parseDependency("so:libc.musl-x86_64.so.1@edge>=1");
  assert.equal(dependency.name, "so:libc.musl-x86_64.so.1");
  assert.equal(dependency.tag, "edge");
  assert.equal(formatDependency(dependency), "so:libc.musl-x86_64.so.1>=1");
  assert.equal(formatDependency(parseDependency("!pc:zlib~1.2")), "!pc:zlib~1.2");
});

test("what is no dependency is refused, and named", () => {
  for (const text of ["", "!", "=1", "a=x_y", "a>1_foo", "@edge"]) {
    assert.throws(() => parseDependency(text), { code: "DEPENDENCY_INVALID", kind: "usage" }, text);
  }
  assert.equal(readDependencies("a b>1 c=1_x d").unreadable, "c=1_x");
});
