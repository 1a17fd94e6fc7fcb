import assert from "node:assert/strict";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fromBytes } from "@cooper/archive";
import { temporaryDirectory } from "@cooper/test";
import { directoryStorage } from "./directory/directory.ts";
import { memoryStorage } from "./memory.ts";
import type { Storage } from "./storage.ts";

const STORAGES: Readonly<Record<string, (t: TestContext) => Storage>> = {
  memory: () => memoryStorage(),
  directory: (t) => directoryStorage({ path: temporaryDirectory(t) }),
};

for (const [name, open] of Object.entries(STORAGES)) {
  test(`${name}: a record is read back, listed, replaced and deleted`, async (t) => {
    const storage = open(t);
    assert.equal(await storage.record("made", "apt/curl:latest"), undefined);
    await storage.putRecord("made", "apt/curl:latest", { digest: "a" });
    await storage.putRecord("made", "apt/jq:latest", { digest: "b" });
    await storage.putRecord("inputs", "apt/jq:latest", { digest: "c" });
    assert.deepEqual((await storage.record("made", "apt/curl:latest"))?.value, { digest: "a" });
    await storage.putRecord("made", "apt/curl:latest", { digest: "d" });
    const listed = await Array.fromAsync(storage.records("made"), ({ key, value }) => [key, value]);
    assert.deepEqual(listed.toSorted(), [
      ["apt/curl:latest", { digest: "d" }],
      ["apt/jq:latest", { digest: "b" }],
    ]);
    assert.equal(await storage.deleteRecord("made", "apt/curl:latest"), true);
    assert.equal(await storage.deleteRecord("made", "apt/curl:latest"), false);
    await storage.touchRecord("made", "apt/curl:latest");
    assert.equal(await storage.record("made", "apt/curl:latest"), undefined);
    assert.deepEqual((await storage.record("inputs", "apt/jq:latest"))?.value, { digest: "c" });
  });

  test(`${name}: an upload is read while it grows, also after its end`, async (t) => {
    const storage = open(t);
    const id = await storage.startUpload("a", "sha256");
    const upload = (await storage.openUpload("a", id)) ?? assert.fail();
    await upload.append(fromBytes("hello, "));
    const reader = (await storage.readUpload("a", id)) ?? assert.fail();
    await upload.append(fromBytes("world"));
    const readFrom = async (offset: number): Promise<string> => {
      const target = Buffer.alloc(5);
      return target.toString("utf8", 0, await reader.read(target, offset));
    };
    assert.equal(await readFrom(7), "world");
    await storage.cancelUpload("a", id);
    assert.equal(await readFrom(7), "world");
    assert.equal(await readFrom(12), "");
    reader.close();
    await upload.release();
    assert.equal(await storage.readUpload("a", id), undefined);
  });
}

test("directory: a touched record is one that was used later, and a damaged one is none", async (t) => {
  const path = temporaryDirectory(t);
  const storage = directoryStorage({ path });
  await storage.putRecord("made", "x", 1);
  const [part = ""] = readdirSync(join(path, "records/made"));
  const [file = ""] = readdirSync(join(path, "records/made", part));
  utimesSync(join(path, "records/made", part, file), 1000, 1000);
  assert.equal((await storage.record("made", "x"))?.used, 1000);
  await storage.touchRecord("made", "x");
  assert.ok(((await storage.record("made", "x"))?.used ?? 0) > 1000);
  writeFileSync(join(path, "records/made", part, file), "x\n{");
  assert.equal(await storage.record("made", "x"), undefined);
  assert.deepEqual(await Array.fromAsync(storage.records("made")), []);
});
