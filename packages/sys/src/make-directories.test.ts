import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { makeDirectories } from "./make-directories.ts";

test("directories are made with those that lead to them, and the first new one is told", (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, "a"));
  const path = join(directory, "a/b/c/d");
  assert.equal(makeDirectories(path, 0o700), join(directory, "a/b"));
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(makeDirectories(path), undefined);
});

test("where nothing can be made it is an error, and not a search without end", (t) => {
  assert.throws(() => makeDirectories("/proc/nope/below"), { code: "ENOENT" });
  const file = join(temporaryDirectory(t), "file");
  writeFileSync(file, "");
  assert.throws(() => makeDirectories(file), { code: "EEXIST" });
  assert.throws(() => makeDirectories(join(file, "below")), { code: "ENOTDIR" });
});
