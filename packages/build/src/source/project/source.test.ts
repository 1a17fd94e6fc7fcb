import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run, temporaryDirectory } from "@cooper/test";
import { openSource } from "./source.ts";
import { sourceOf } from "./source.fixture.ts";

test("both ignore files count, the second one after the first, with what they take back", async (t) => {
  const source = await sourceOf(t, {
    ".dockerignore": "*.log\n!keep.log\n# a comment\n",
    ".cooperignore": "keep.log\n!one.log\n",
    "one.log": "",
    "two.log": "",
    "keep.log": "",
    "node_modules/x/index.js": "",
    "cooper.toml": "",
    "cooper.lock": "",
  });
  assert.deepEqual(source.paths, [".cooperignore", ".dockerignore", "one.log"]);
});

test("a line of an ignore file that Docker refuses ends the build: what it was to hide would be in the image", async (t) => {
  await assert.rejects(sourceOf(t, { ".dockerignore": "secrets\n[keys\n" }), {
    code: "SOURCE_INVALID",
    message: /^\.dockerignore has "\[keys", which is no pattern: what begins with \[/,
  });
});

test("a manifest that is a link out of the source is an error, within it a file, and into a circle an error", async (t) => {
  const directory = temporaryDirectory(t);
  const root = join(directory, "source");
  mkdirSync(join(root, "real"), { recursive: true });
  writeFileSync(join(directory, "hostile.json"), '{"of":"the host"}');
  writeFileSync(join(root, "real/inside.json"), '{"of":"the source"}');
  symlinkSync("../hostile.json", join(root, "out.json"));
  symlinkSync("real/inside.json", join(root, "in.json"));
  symlinkSync("circle.json", join(root, "circle.json"));
  symlinkSync("/dev/zero", join(root, "endless.json"));
  const source = await openSource(root, join(directory, "home"));
  assert.deepEqual(source.json("in.json"), { of: "the source" });
  const out = {
    code: "SOURCE_INVALID",
    message: /^(out|endless)\.json is a link that leads out of the source$/,
  };
  assert.throws(() => source.json("out.json"), out);
  assert.throws(() => source.text("endless.json"), out);
  assert.throws(() => source.text("circle.json"), /circle\.json/);
});

test("a pipe in the place of an ignore file or of a manifest is no file, and nobody waits for it", async (t) => {
  const directory = temporaryDirectory(t);
  const root = join(directory, "source");
  mkdirSync(root);
  await run("mkfifo", [join(root, ".dockerignore"), join(root, "package.json")]);
  const source = await openSource(root, join(directory, "home"));
  assert.deepEqual(source.paths, []);
  assert.equal(source.text("package.json"), undefined);
});
