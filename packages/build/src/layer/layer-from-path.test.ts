import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { collect, readTar } from "@cooper/archive";
import type { Layer } from "@cooper/oci";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import { layerFromPath } from "./layer-from-path.ts";

async function namesIn(layer: Layer): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { path } of readTar(layer.tar())) names.push(path);
  return names;
}

test("a tar in gzip or zstd becomes a layer byte for byte, any other tar one in gzip", async (t) => {
  const programs = ["tar", "gzip", "zstd", "xz", "bzip2"].map((name) => requireProgram(t, name));
  if (programs.includes(undefined)) return;
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, "files"));
  writeFileSync(join(directory, "files/a"), "a");
  const cases = [
    { name: "plain.tar", flags: [], kept: false },
    { name: "gzip.tar", flags: ["--gzip"], kept: true },
    { name: "zstd.tar", flags: ["--zstd"], kept: true },
    { name: "xz.tar", flags: ["--xz"], kept: false },
    { name: "bzip2.tar", flags: ["--bzip2"], kept: false },
  ];
  for (const { name, flags, kept } of cases) {
    const path = join(directory, name);
    await run("tar", ["-C", join(directory, "files"), "-cf", path, ...flags, "a"]);
    const layer = await layerFromPath(path);
    assert.deepEqual(await namesIn(layer), ["a"], name);
    const stored = await collect(layer.open(), { limit: 1e6 });
    assert.equal(stored.equals(readFileSync(path)), kept, name);
    assert.equal(stored.byteLength, (await layer.descriptor()).size, name);
    assert.match(layer.mediaType, kept && name === "zstd.tar" ? /zstd$/ : /gzip$/);
  }
});

test("a directory becomes a layer whose files are root's and of one time", async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "a"), "a");
  const layer = await layerFromPath(directory, { epoch: 5 });
  for await (const { path, uid, gid, mtime } of readTar(layer.tar())) {
    assert.deepEqual([path, uid, gid, mtime.seconds], ["a", 0, 0, 5]);
  }
});

test("what is not there, or no tar, is refused", async (t) => {
  const path = join(temporaryDirectory(t), "file");
  await assert.rejects(layerFromPath(path), { code: "LAYER_MISSING" });
  writeFileSync(path, "not a tar ".repeat(1000));
  await assert.rejects(layerFromPath(path), { code: "LAYER_INVALID" });
});
