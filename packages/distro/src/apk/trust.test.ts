import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { apk } from "./apk.ts";
import { failure, repositoryOf, solveFor, testContext, testSigner } from "./apk.fixture.ts";
import {
  apkDirectory,
  BOMB_BYTES,
  makeBomb,
  type MadeApk,
  makeApk,
  makeApkIndex,
  makeApkSigner,
  type ApkContent,
  rawMember,
  writeApkRepository,
} from "@cooper/test";

const FILES = [apkDirectory("etc"), { path: "etc/a", content: "as it was" }];

/** What comes of a package that is as `made`, and whether anything of it is left in the cache. */
async function installing(t: TestContext, ...made: readonly (ApkContent | MadeApk)[]): Promise<string> {
  const packages = made.map((one) => ("bytes" in one ? one : makeApk(one, testSigner())));
  const { context } = await repositoryOf(t, packages);
  const names = packages.map(({ file }) => file.replace(/-[^-]+-r\d+\.apk$/u, ""));
  const solution = await solveFor(context, names);
  const said = await failure(async () => await apk.assemble(solution, context));
  const kept = readdirSync(context.cache.directory, { recursive: true, encoding: "utf8" });
  const blobs = kept.filter((path) => /blobs\/\w+\/./u.test(path)).length;
  const aside = kept.filter((path) => /aside\/./u.test(path)).length;
  assert.equal(aside, 0, "nothing half-made is left");
  if (said !== "no failure") assert.ok(blobs <= packages.length, "nothing but the index and good packages");
  return said;
}

test("a package that is as the index says is taken", async (t) => {
  assert.equal(await installing(t, { name: "a", files: FILES }), "no failure");
  assert.equal(await installing(t, { name: "a" }), "no failure");
});

test("an index by another key, an unknown one, changed or cut is refused", async (t) => {
  const { context, directory: place } = await repositoryOf(t, [makeApk({ name: "a" })]);
  const index = join(place, "x86_64/APKINDEX.tar.gz");
  const good = readFileSync(index);
  const trying = async (bytes: Buffer, keyrings = context.keyrings): Promise<string> => {
    writeFileSync(index, bytes);
    return await failure(async () => await solveFor({ ...context, keyrings }, ["a"]));
  };
  assert.equal(await trying(good), "no failure");
  const changed = Buffer.from(good);
  changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1;
  assert.match(await trying(changed), /^SIGNATURE_INVALID: repo: the signature by test\.rsa\.pub/);
  assert.match(await trying(good.subarray(0, -30)), /^INDEX_TRUNCATED/);
  const other = makeApkSigner("test.rsa.pub");
  writeFileSync(join(place, "other"), "");
  const elsewhere = join(place, "keys");
  writeApkRepository(elsewhere, [], { signer: other });
  assert.match(await trying(good, [join(elsewhere, "test.rsa.pub")]), /^SIGNATURE_INVALID/);
  writeApkRepository(elsewhere, [], { signer: makeApkSigner("another.rsa.pub") });
  assert.match(await trying(good, [join(elsewhere, "another.rsa.pub")]), /^KEY_UNKNOWN/);
  assert.match(await trying(good, [join(place, "other")]), /^KEY_UNKNOWN/);
  assert.match(await trying(good, [join(place, "none")]), /^KEY_INVALID/);
});

test("an older index than the one before is refused, also by another process", async (t) => {
  const { context, directory: place } = await repositoryOf(t, [makeApk({ name: "a" })]);
  const index = join(place, "x86_64/APKINDEX.tar.gz");
  await solveFor(context, ["a"]);
  const records = makeApk({ name: "a", version: "0.9-r0" }).record;
  writeFileSync(index, makeApkIndex(records, testSigner(), 1_600_000_001));
  const said =
    /^INDEX_ROLLED_BACK: repo: the index of 2020-09-13T12:26:41Z is older than the one of 2023-11-14/;
  assert.match(await failure(async () => await solveFor(context, ["a"])), said);
  const second = await testContext(t, {
    repositories: context.repositories,
    keyrings: context.keyrings,
    cache: { directory: context.cache.directory },
  });
  assert.match(await failure(async () => await solveFor(second, ["a"])), said);
  const warned: string[] = [];
  const unchecked = await solveFor(
    { ...second, signatures: "unchecked", onEvent: (event) => warned.push(event.type) },
    ["a"],
  );
  assert.equal(unchecked.packages[0]?.version, "0.9-r0");
  assert.equal(warned.filter((type) => type === "warning").length, 2);
});

test("a package with another control part than the index names is refused", async (t) => {
  const good = makeApk({ name: "a", files: FILES });
  const evil = makeApk({ name: "a", files: FILES, info: ["depend = evil"] });
  const record = good.record.replace(/S:\d+/u, `S:${evil.bytes.length}`);
  assert.match(
    await installing(t, { ...evil, record }),
    /^DIGEST_MISMATCH: a-1\.0-r0: its control part is Q1/,
  );
});

test("data that is not what the control part names is refused before it is decompressed", async (t) => {
  const swapped = gzipSync(Buffer.alloc(1024));
  assert.match(
    await installing(t, { name: "a", files: FILES, tamper: () => swapped }),
    /^DIGEST_MISMATCH: a-1\.0-r0: its data has sha256:/,
  );
  assert.match(
    await installing(t, {
      name: "a",
      files: FILES,
      tamper: (data) => Buffer.concat([data, Buffer.alloc(1)]),
    }),
    /^DIGEST_MISMATCH/,
  );
  assert.match(
    await installing(t, { name: "a", files: FILES, tamper: (data) => data.subarray(0, -12) }),
    /^DIGEST_MISMATCH/,
  );
});

test("a file with another content than the package records is refused", async (t) => {
  const files = [{ path: "a", content: "evil", sha1: "0".repeat(40) }];
  assert.match(await installing(t, { name: "a", files }), /^DIGEST_MISMATCH: a-1\.0-r0: a has sha1:/);
  const link = [{ path: "a", type: "2", link: "evil", sha1: "0".repeat(40) }];
  assert.match(await installing(t, { name: "a", files: link }), /^DIGEST_MISMATCH: a-1\.0-r0: a has sha1:/);
});

test("a mirror that lies about a size is found out", async (t) => {
  const good = makeApk({ name: "a", files: FILES });
  const larger = Buffer.concat([good.bytes, Buffer.alloc(1000)]);
  assert.match(await installing(t, { ...good, bytes: larger }), /^FILE_TOO_LARGE/);
  assert.match(
    await installing(t, { ...good, bytes: good.bytes.subarray(0, -1) }),
    /^(SIZE|DIGEST)_MISMATCH/,
  );
  for (const length of [0, 10, 100, 200]) {
    const cut = good.bytes.subarray(0, length);
    const record = good.record.replace(/S:\d+/u, `S:${length}`);
    assert.match(
      await installing(t, { ...good, bytes: cut, record }),
      /^PACKAGE_INVALID: a-1\.0-r0: it is cut short/,
    );
  }
});

test("a decompression bomb is stopped, in the data and in the control part", async (t) => {
  const content = Buffer.alloc(200 * 2 ** 20);
  const bomb = makeApk({ name: "a", files: [{ path: "a", content, sha1: "" }], installedSize: 100 });
  assert.match(await installing(t, bomb), /^PACKAGE_INVALID: a-1\.0-r0: it is too large/);
  const script = "#".repeat(20 * 2 ** 20);
  assert.match(
    await installing(t, { name: "a", scripts: { trigger: script } }),
    /^PACKAGE_INVALID.*control part/,
  );
});

test("10 GiB of zeros are refused early and in little memory, whether the package says that it has them or not", async (t) => {
  const head = rawMember({ name: "zeros", size: BOMB_BYTES - 2 ** 20 });
  const data = makeBomb("gzip", head);
  const before = process.resourceUsage().maxRSS;
  const rows = [
    [1000, /^PACKAGE_INVALID: a-1\.0-r0: it is too large: too much content/],
    [BOMB_BYTES, /^PACKAGE_INVALID: a-1\.0-r0: it is too large: \d+ compressed bytes/],
  ] as const;
  for (const [installedSize, said] of rows) {
    assert.match(await installing(t, makeApk({ name: "a", data, installedSize })), said);
  }
  assert.ok(process.resourceUsage().maxRSS - before < 256 * 1024, "KiB of memory besides what there was");
});

test("paths that lead out of the root, or through a link, are refused", async (t) => {
  const rows: readonly (readonly [string, ApkContent["files"]])[] = [
    ["leads out of the root", [{ path: "../etc/passwd", content: "x" }]],
    ["leads out of the root", [{ path: "a/../../b", content: "x" }]],
    ["starts at the root", [{ path: "/etc/passwd", content: "x" }]],
    ["has a line's end in it", [{ path: "etc/a\nF:root", content: "x" }]],
    ["would remove", [{ path: "etc/.wh.passwd", content: "x" }]],
    ["lies beneath a, which is a symlink", [{ path: "a", type: "2", link: "/etc" }, { path: "a/passwd" }]],
    ["lies beneath a, which is a file", [{ path: "a" }, { path: "a/b" }]],
    ["it has a twice", [{ path: "a" }, { path: "./a" }]],
    ["which is no file before it", [{ path: "a", type: "1", link: "b" }]],
    ["leads out of the root", [{ path: "a", type: "1", link: "../b" }]],
  ];
  for (const [said, files] of rows) {
    const found = await installing(t, { name: "a", files: files ?? [] });
    assert.ok(found.startsWith("PACKAGE_INVALID: a-1.0-r0: ") && found.includes(said), `${said}: ${found}`);
  }
});

test("a package under another's name is refused, and one that names no digest of its data", async (t) => {
  const b = makeApk({ name: "b" });
  const record = b.record.replace("P:b", "P:a");
  assert.match(
    await installing(t, { ...b, record, file: "a-1.0-r0.apk" }),
    /^PACKAGE_INVALID: a-1\.0-r0: it is b-1\.0-r0/,
  );
  assert.match(await installing(t, { name: "a", dataHash: "", files: FILES }), /names no digest of its data/);
  const random = { ...makeApk({ name: "a" }), bytes: Buffer.from("certainly no package at all".repeat(10)) };
  const sized = { ...random, record: random.record.replace(/S:\d+/u, `S:${random.bytes.length}`) };
  assert.match(await installing(t, sized), /^PACKAGE_INVALID: a-1\.0-r0: it is no apk package/);
});
