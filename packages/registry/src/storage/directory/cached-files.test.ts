import assert from "node:assert/strict";
import { renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { CachedFiles } from "./cached-files.ts";

/** Replaces a file as the storage does; `age` is how many seconds ago that seems to have been. */
function replace(path: string, text: string, age = 0): void {
  writeFileSync(`${path}.new`, text);
  const time = Date.now() / 1000 - age;
  utimesSync(`${path}.new`, time, time);
  renameSync(`${path}.new`, path);
}

function cacheOf(limit: number): { readonly cache: CachedFiles<string>; readonly parsed: string[] } {
  const parsed: string[] = [];
  const parse = (bytes: Buffer): string => {
    parsed.push(bytes.toString());
    return bytes.toString();
  };
  return { cache: new CachedFiles(parse, limit), parsed };
}

test("a file that does not change is read once", (t) => {
  const path = join(temporaryDirectory(t), "file");
  const { cache, parsed } = cacheOf(10_000);
  replace(path, "one", 10);
  assert.deepEqual([cache.read(path), cache.read(path), cache.read(path)], ["one", "one", "one"]);
  assert.deepEqual(parsed, ["one"]);
});

test("a file that somebody else replaces, as fast as they can, is always seen", (t) => {
  const path = join(temporaryDirectory(t), "file");
  const { cache } = cacheOf(10_000);
  for (let round = 0; round < 2000; round += 1) {
    replace(path, `${round % 10}`);
    if (round % 3 !== 0) assert.equal(cache.read(path), `${round % 10}`, `round ${round}`);
  }
});

test("a file that is gone is gone", (t) => {
  const path = join(temporaryDirectory(t), "file");
  const { cache } = cacheOf(10_000);
  assert.equal(cache.read(path), undefined);
  replace(path, "one", 10);
  assert.equal(cache.read(path), "one");
  rmSync(path);
  assert.equal(cache.read(path), undefined);
  assert.equal(cache.read(join(path, "below")), undefined);
});

test("no more is kept than the limit, and what was used last stays", (t) => {
  const directory = temporaryDirectory(t);
  const { cache, parsed } = cacheOf(5 * 1024);
  const paths = Array.from({ length: 10 }, (_, index) => join(directory, String(index)));
  for (const [index, path] of paths.entries()) replace(path, `${index}`.padEnd(500, "x"), 10);
  const [first = "", ...others] = paths;
  for (const path of others) {
    cache.read(first);
    cache.read(path);
  }
  assert.equal(parsed.length, 10);
  cache.read(first);
  assert.equal(parsed.length, 10, "the first was always in use");
  cache.read(others[0] ?? "");
  assert.equal(parsed.length, 11, "the second was pushed out");
});
