import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sourceOf } from "../project/source.fixture.ts";
import { parseOverlay, readOverlay } from "./read.ts";

/** A file's name, its text, and what is wrong with it. */
const WRONG: readonly [string, string, string][] = [
  ["cooper.toml", 'starts = "a"', 'cooper.toml:1:1: there is no key "starts"'],
  [
    "cooper.toml",
    '[deploy]\nports = [80]\n\n  [deploy.healthcheck]\n  every = 3\n  command = ["a"]',
    'cooper.toml:5:3: there is no key "every" in deploy.healthcheck',
  ],
  ["cooper.toml", "start = 3", "cooper.toml:1:9: start is to be text"],
  ["cooper.toml", 'providers = "node"', "cooper.toml:1:13: providers is to be a list"],
  [
    "cooper.toml",
    '[steps.a]\ncopies = ["...", { from = "source", to = "x", source = "." }]',
    "cooper.toml:2:18: steps.a.copies.1.target is to be text",
  ],
  [
    "cooper.toml",
    '[deploy]\ncopies = [{ from = "source", source = ".", target = "app", mode = 1 }]',
    'cooper.toml:2:60: there is no key "mode" in deploy.copies.0',
  ],
  ["cooper.toml", 'start = "a\n', "cooper.toml:1:11: control characters are not allowed in strings"],
  [
    "cooper.toml",
    'start = "a"\n[deploy]\ncommand = ["a"]',
    "cooper.toml:3:1: deploy.command and start say the same: leave one out",
  ],
  ["cooper.json", '{\n  // who\n\t"strat": "a"\n}', 'cooper.json:3:2: there is no key "strat"'],
  ["cooper.json", '{"steps": {"a": {"network": "all"}}}', "cooper.json:1:29: steps.a.network"],
  ["cooper.json", '{"a": }', "cooper.json: Unexpected token '}'"],
  ["cooper.json", '{"a": 1\n b', "cooper.json:2:2: Expected ',' or '}' after property value"],
  ["cooper.json", '{"a": [', "cooper.json:1:8: Unexpected end of JSON input"],
  ["cooper.json", "[]", "cooper.json:1:1: it is to be a map"],
];

for (const [path, text, message] of WRONG) {
  test(`${JSON.stringify(text)} is refused: ${message}`, () => {
    assert.throws(
      () => parseOverlay(text, path),
      (error: Error & { code?: string }) =>
        error.code === "CONFIGURATION_INVALID" && error.message.startsWith(message)
          ? true
          : assert.fail(String(error)),
    );
  });
}

test("JSON may have comments, tabs and commas behind the last, and text may have what looks like them", () => {
  const text = '{\n\t"start": "a //b /*c*/ ,}", /* d\n */ "exclude": ["x",], // e\n}';
  assert.deepEqual(parseOverlay(text, "cooper.json").file, { start: "a //b /*c*/ ,}", exclude: ["x"] });
});

test("a project has one file of its own; that is no part of its source", async (t) => {
  const source = await sourceOf(t, { "cooper.toml": 'start = "a"', "main.py": "" });
  assert.deepEqual(source.paths, ["main.py"]);
  assert.equal(readOverlay(source.directory)?.file.start, "a");
  writeFileSync(join(source.directory, "cooper.json"), "{}");
  assert.throws(() => readOverlay(source.directory), {
    code: "CONFIGURATION_INVALID",
    message: "cooper.toml: there is cooper.json too: one of them counts",
  });
});
