import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fromBytes } from "@cooper/archive";
import { digestOf, type Digest } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import { cacheDirectory } from "./cache-directory.ts";
import { openCache } from "./open-cache.ts";

function sha256(text: string): Digest {
  return digestOf("sha256", createHash("sha256").update(text).digest("hex"));
}

test("a blob is found under its digest after it was stored, also by another process's cache", async (t) => {
  const directory = temporaryDirectory(t);
  const first = await openCache({ directory });
  const second = await openCache({ directory });
  assert.equal(await first.blob(sha256("cask")), undefined);
  const path = await first.storeBlob(fromBytes("cask"), { digest: sha256("cask"), size: 4 });
  assert.equal(readFileSync(path, "utf8"), "cask");
  assert.equal(await second.blob(sha256("cask")), path);
  await first.close();
  await second.close();
});

test("a stream that is not what its digest says leaves nothing behind", async (t) => {
  const directory = temporaryDirectory(t);
  const cache = await openCache({ directory });
  await assert.rejects(cache.storeBlob(fromBytes("cask"), { digest: sha256("barrel") }), {
    code: "DIGEST_MISMATCH",
  });
  await assert.rejects(cache.storeBlob(fromBytes("cask"), { digest: sha256("cask"), size: 3 }), {
    code: "SIZE_MISMATCH",
  });
  assert.equal(await cache.blob(sha256("barrel")), undefined);
  assert.equal(await cache.blob(sha256("cask")), undefined);
  assert.deepEqual(readdirSync(join(directory, "aside")), []);
  await cache.close();
});

test("what a check throws away was never there", async (t) => {
  const directory = temporaryDirectory(t);
  const cache = await openCache({ directory });
  const refuse = cache.storeUnnamed(fromBytes("cask"), async (path) => {
    assert.equal(readFileSync(path, "utf8"), "cask");
    throw new Error("leaks");
  });
  await assert.rejects(refuse, /leaks/);
  assert.equal(await cache.blob(sha256("cask")), undefined);
  assert.deepEqual(readdirSync(join(directory, "aside")), []);
  const stored = await cache.storeUnnamed(fromBytes("cask"), async () => {});
  assert.deepEqual([stored.digest, stored.size], [sha256("cask"), 4]);
  assert.equal(await cache.blob(sha256("cask")), stored.path);
  await cache.close();
});

test("a record is read back, and one that a crash cut short is none", async (t) => {
  const directory = temporaryDirectory(t);
  const cache = await openCache({ directory });
  assert.equal(await cache.record("staves", "oak"), undefined);
  await cache.storeRecord("staves", "oak", { count: 28 });
  assert.deepEqual(await cache.record("staves", "oak"), { count: 28 });
  assert.equal(await cache.record("hoops", "oak"), undefined);
  const folder = join(directory, "records/staves");
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"key":"oa');
  assert.equal(await cache.record("staves", "oak"), undefined);
  await cache.close();
});

test("a derived file is made once, however many ask for it and through however many caches", async (t) => {
  const directory = temporaryDirectory(t);
  const caches = await Promise.all([openCache({ directory }), openCache({ directory })]);
  let made = 0;
  const paths = await Promise.all(
    [...caches, ...caches, ...caches].map(
      async (cache) =>
        await cache.derived("index", "a", async (path) => {
          made++;
          writeFileSync(path, "parsed");
        }),
    ),
  );
  assert.equal(made, 1);
  assert.equal(new Set(paths).size, 1);
  assert.equal(readFileSync(paths[0] ?? "", "utf8"), "parsed");
  for (const cache of caches) await cache.close();
});

test("a derivation that fails is tried again by the next who asks", async (t) => {
  const cache = await openCache({ directory: temporaryDirectory(t) });
  const fail = cache.derived("index", "a", async (path) => {
    writeFileSync(path, "half");
    throw new Error("cut short");
  });
  await assert.rejects(fail, /cut short/);
  const path = await cache.derived("index", "a", async (aside) => writeFileSync(aside, "whole"));
  assert.equal(readFileSync(path, "utf8"), "whole");
  await cache.close();
});

test("what was not used for longest goes first when the cache is over its limit", async (t) => {
  const directory = temporaryDirectory(t);
  const cache = await openCache({ directory, limit: 2500 });
  const paths: string[] = [];
  for (const [age, letter] of [
    [3, "a"],
    [1, "b"],
    [2, "c"],
  ] as const) {
    const text = letter.repeat(1000);
    const path = await cache.storeBlob(fromBytes(text), { digest: sha256(text) });
    utimesSync(path, new Date(Date.now() - age * 86_400_000), new Date(Date.now() - age * 86_400_000));
    paths.push(path);
  }
  assert.equal((await cache.usage()).size, 3000);
  await cache.close();
  assert.deepEqual(
    paths.map((path) => existsSync(path)),
    [false, true, true],
  );
});

test("what was compiled of Cooper is counted and goes as all else does", async (t) => {
  const directory = temporaryDirectory(t);
  const kept = join(directory, "compiled/build/app-0123456789abcdef-2");
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, "bytecode");
  const cache = await openCache({ directory });
  assert.deepEqual((await cache.usage()).kinds, [{ name: "compiled/build", entries: 1, size: 8 }]);
  assert.equal(await cache.trim(0), 8);
  assert.ok(!existsSync(kept));
  await cache.close();
});

test("a cache that another process uses is not trimmed", async (t) => {
  const directory = temporaryDirectory(t);
  const user = await openCache({ directory });
  const path = await user.storeBlob(fromBytes("cask"), { digest: sha256("cask") });
  const other = await openCache({ directory });
  assert.equal(await other.trim(0), undefined);
  assert.ok(existsSync(path));
  await user.close();
  assert.equal(await other.trim(0), 4);
  assert.ok(!existsSync(path));
  await other.close();
});

test("the directory is the one that the environment names", () => {
  assert.equal(cacheDirectory({ COOPER_CACHE_DIR: "/c", XDG_CACHE_HOME: "/x", HOME: "/h" }), "/c");
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/x", HOME: "/h" }), "/x/cooper");
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: "relative", HOME: "/h" }), "/h/.cache/cooper");
});

test("what was never synced is looked at by the next who finds it: damaged, it is not there", async (t) => {
  const directory = temporaryDirectory(t);
  const store = async (text: string): Promise<string> => {
    const cache = await openCache({ directory });
    const path = await cache.storeBlob(fromBytes(text), { digest: sha256(text) });
    writeFileSync(path, text); // its own bytes are not looked at again
    assert.equal(await cache.blob(sha256(text)), path);
    await cache.close();
    return path;
  };
  const [whole, cut, young] = [await store("cask"), await store("barrel"), await store("tun")];
  utimesSync(whole, Date.now() / 1000, Date.now() / 1000 - 100);
  writeFileSync(cut, "bar\0\0\0"); // what a crash of the machine may leave
  const next = await openCache({ directory });
  assert.equal(await next.blob(sha256("cask")), whole);
  assert.equal(statSync(whole).mode & 0o7777, 0o644, "its bytes were checked, and synced");
  assert.equal(await next.blob(sha256("tun")), young);
  assert.equal(statSync(young).mode & 0o7777, 0o1644, "it may not be on the disk yet");
  assert.equal(await next.blob(sha256("barrel")), undefined);
  assert.equal(existsSync(cut), false);
  await next.close();
});

test("a derived file that can tell whether it is whole is made again where it is not", async (t) => {
  const directory = temporaryDirectory(t);
  let made = 0;
  const derive = async (): Promise<string> => {
    const cache = await openCache({ directory });
    const path = await cache.derived(
      "layer",
      "a",
      async (aside) => {
        made++;
        writeFileSync(aside, "staves");
      },
      { isWhole: async (kept) => readFileSync(kept, "utf8") === "staves" },
    );
    await cache.close();
    return path;
  };
  const path = await derive();
  writeFileSync(path, "sta");
  assert.equal(await derive(), path);
  assert.equal(made, 2);
  assert.equal(readFileSync(path, "utf8"), "staves");
  utimesSync(path, Date.now() / 1000, Date.now() / 1000 - 100);
  await derive();
  assert.equal(made, 2);
  assert.equal(statSync(path).mode & 0o7777, 0o644);
});

test("a cache is not closed while something is still being made", async (t) => {
  const cache = await openCache({ directory: temporaryDirectory(t) });
  const { promise, resolve } = Promise.withResolvers<void>();
  const deriving = cache.derived("index", "a", async (path) => {
    await promise;
    writeFileSync(path, "parsed");
  });
  const closing = cache.close();
  resolve();
  await closing;
  assert.equal(readFileSync(await deriving, "utf8"), "parsed");
});
