import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { makeNode, setXattr } from "@cooper/sys";
import { requireRoot, temporaryDirectory } from "@cooper/test";
import { findInLayers, readFromLayers } from "./view.ts";

function put(root: string, path: string, text: string): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test("the topmost layer that has a file shows it", (t) => {
  const root = temporaryDirectory(t);
  const [low, high] = [join(root, "low"), join(root, "high")];
  put(low, "etc/passwd", "low");
  put(low, "etc/group", "group");
  put(high, "etc/passwd", "high");
  assert.equal(readFromLayers([high, low], "/etc/passwd"), "high");
  assert.equal(readFromLayers([high, low], "/etc/group"), "group");
  assert.equal(readFromLayers([high, low], "/etc/none"), "");
  assert.equal(readFromLayers([high, low], "/etc"), "");
});

test("links are followed inside the layers and never out of them", (t) => {
  const root = temporaryDirectory(t);
  const [low, high] = [join(root, "low"), join(root, "high")];
  put(low, "usr/etc/passwd", "inside");
  mkdirSync(high, { recursive: true });
  symlinkSync("/usr/etc", join(high, "etc"));
  symlinkSync("../../../../../usr/etc/passwd", join(high, "up"));
  symlinkSync("loop", join(high, "loop"));
  assert.equal(readFromLayers([high, low], "/etc/passwd"), "inside");
  assert.equal(readFromLayers([high, low], "/up"), "inside");
  assert.equal(findInLayers([high, low], "/loop"), undefined);
});

test("a whiteout hides a file, an opaque directory what is below it", (t) => {
  if (!requireRoot(t)) return;
  const root = temporaryDirectory(t);
  const [low, high] = [join(root, "low"), join(root, "high")];
  put(low, "etc/passwd", "low");
  put(low, "opt/a", "low");
  put(high, "opt/b", "high");
  mkdirSync(join(high, "etc"));
  makeNode(join(high, "etc/passwd"), "character-device", 0, 0, 0);
  setXattr(join(high, "opt"), "trusted.overlay.opaque", Buffer.from("y"));
  assert.equal(findInLayers([high, low], "/etc/passwd"), undefined);
  assert.equal(findInLayers([high, low], "/opt/a"), undefined);
  assert.equal(readFromLayers([high, low], "/opt/b"), "high");
});

test("a file in a high layer hides the directory of that name in a low one", (t) => {
  const root = temporaryDirectory(t);
  const [low, high] = [join(root, "low"), join(root, "high")];
  put(low, "a/b", "low");
  put(high, "a", "file");
  assert.equal(findInLayers([high, low], "/a/b"), undefined);
  assert.equal(readFromLayers([high, low], "/a"), "file");
});
