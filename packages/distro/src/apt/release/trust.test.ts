import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { temporaryDirectory } from "@cooper/test";
import { reformatKey, revokeKey } from "openpgp";
import type { DistroErrorCode } from "../../errors.ts";
import type { Solution } from "../../ecosystem/solution.ts";
import { parseRequest } from "../request.ts";
import { solveRequest } from "../solve-request.ts";
import {
  AMD64,
  DAY,
  makeKey,
  NOW,
  type RepositoryOptions,
  testContext,
  type TestKey,
  write,
  writeRepository,
} from "./repository.fixture.ts";

const KEY = makeKey();

interface Case extends Partial<RepositoryOptions> {
  readonly trusted?: readonly TestKey[];
  readonly now?: number;
  readonly unchecked?: boolean;
  readonly source?: string;
  /** After it was written, with the path of its signed file. */
  readonly tamper?: (path: string, root: string) => void;
}

async function solveFrom(t: TestContext, options: Case = {}): Promise<Solution> {
  const key = await KEY;
  const root = temporaryDirectory(t);
  const keyring = join(temporaryDirectory(t), "trusted.asc");
  write(keyring, (options.trusted ?? [key]).map((each) => each.public).join("\n"));
  const signed = await writeRepository(root, { keys: [key], ...options });
  options.tamper?.(signed, root);
  const context = await testContext(t, {
    repositories: [options.source?.replace("ROOT", root) ?? `${root} stable main`],
    keyrings: [keyring],
    ...(options.now === undefined ? {} : { now: options.now }),
    signatures: options.unchecked === true ? "unchecked" : "required",
  });
  const solution = await solveRequest(parseRequest("app"), AMD64, context);
  if (options.unchecked === true) assert.ok(context.events.some(({ type }) => type === "warning"));
  return solution;
}

async function refused(t: TestContext, code: DistroErrorCode, options: Case): Promise<void> {
  await assert.rejects(solveFrom(t, options), { code });
}

const replaced =
  (from: string, to: string) =>
  (path: string): void =>
    writeFileSync(path, readFileSync(path, "utf8").replace(from, to));

test("a signed archive is read, and the solution says whose key vouched for it", async (t) => {
  const solution = await solveFrom(t);
  assert.deepEqual(
    solution.packages.map(({ name }) => name),
    ["lib", "app"],
  );
  assert.deepEqual(solution.repositories[0]?.signedBy, [(await KEY).fingerprint]);
  assert.match(solution.repositories[0]?.path ?? "", /^[^/]+\/dists\/stable\/main$/);
  assert.equal(solution.repositories[0]?.date, NOW - DAY);
});

for (const signing of ["armored", "binary"] as const) {
  test(`a Release with an ${signing} Release.gpg is read, and not when it was changed`, async (t) => {
    assert.equal((await solveFrom(t, { signing })).packages.length, 2);
    await refused(t, "SIGNATURE_INVALID", { signing, tamper: replaced("Origin: Test", "Origin: Nobody") });
  });
}

test("a key that is not trusted does not count, whatever it signs", async (t) => {
  await refused(t, "KEY_UNKNOWN", { keys: [await makeKey()] });
  await refused(t, "KEY_UNKNOWN", { keys: [await makeKey()], signing: "armored" });
});

test("of several signatures one by a trusted key suffices", async (t) => {
  const solution = await solveFrom(t, { keys: [await makeKey(), await KEY] });
  assert.deepEqual(solution.repositories[0]?.signedBy, [(await KEY).fingerprint]);
});

test("an InRelease that was changed is refused", async (t) => {
  await refused(t, "SIGNATURE_INVALID", { tamper: replaced("Origin: Test", "Origin: Nobody") });
});

test("nothing may stand before, behind or between what is signed", async (t) => {
  await refused(t, "INDEX_INVALID", { tamper: (path) => appendFileSync(path, "SHA256:\n 00 1 main\n") });
  await refused(t, "INDEX_INVALID", {
    tamper: (path) => writeFileSync(path, `Origin: Nobody\n\n${readFileSync(path, "utf8")}`),
  });
  await refused(t, "INDEX_INVALID", {
    tamper: (path) => writeFileSync(path, readFileSync(path, "utf8").repeat(2)),
  });
});

test("an archive that nobody signed is refused, and let pass with a warning where that is asked for", async (t) => {
  await refused(t, "INDEX_UNSIGNED", { signing: "none" });
  assert.equal((await solveFrom(t, { signing: "none", unchecked: true })).packages.length, 2);
  await refused(t, "INDEX_UNSIGNED", { tamper: (path) => writeFileSync(path, "Origin: Test\n") });
  assert.deepEqual(
    (await solveFrom(t, { keys: [await makeKey()], unchecked: true })).repositories[0]?.signedBy,
    [],
  );
});

test("a key that has expired does not count, though its signature is older", async (t) => {
  const key = await makeKey({ lifetime: 110 * DAY });
  assert.equal((await solveFrom(t, { keys: [key], trusted: [key] })).packages.length, 2);
  await refused(t, "SIGNATURE_INVALID", { keys: [key], trusted: [key], now: NOW + 20 * DAY });
});

test("a key that was revoked does not count", async (t) => {
  const key = await makeKey();
  const { publicKey } = await revokeKey({ key: key.secret, format: "armored", date: new Date(NOW * 1000) });
  await refused(t, "SIGNATURE_INVALID", { keys: [key], trusted: [{ ...key, public: publicKey }] });
});

test("a key whose expiry was put off counts again", async (t) => {
  const key = await makeKey({ lifetime: 110 * DAY });
  const { publicKey } = await reformatKey({
    privateKey: key.secret,
    userIDs: [{ name: "Test archive" }],
    keyExpirationTime: 1000 * DAY,
    date: key.secret.getCreationTime(),
    format: "armored",
  });
  const now = NOW + 20 * DAY;
  const renewed = [{ ...key, public: publicKey }];
  assert.equal((await solveFrom(t, { keys: [key], trusted: renewed, now })).packages.length, 2);
});

test("a signature over a digest that is too weak does not count", async (t) => {
  const key = await makeKey({ type: "rsa" });
  assert.equal((await solveFrom(t, { keys: [key], trusted: [key], signing: "binary" })).packages.length, 2);
  await refused(t, "SIGNATURE_INVALID", { keys: [key], trusted: [key], signing: "weak" });
});

test("a signature of the future does not count", async (t) => {
  await refused(t, "SIGNATURE_INVALID", { signedAt: NOW + 10 * DAY });
});

const UNTIL = { "Valid-Until": "Sun, 31 May 2026 00:00:00 UTC" };

test("a Release that no longer counts is refused, unless its source says otherwise", async (t) => {
  await refused(t, "INDEX_EXPIRED", { fields: UNTIL });
  const source = "deb [check-valid-until=no] ROOT stable main";
  assert.equal((await solveFrom(t, { fields: UNTIL, source })).packages.length, 2);
});

test("a Release of the future is refused", async (t) => {
  await refused(t, "INDEX_INVALID", { date: NOW + DAY });
});

test("a date that is not in UTC, or is none, is refused", async (t) => {
  await refused(t, "INDEX_INVALID", { fields: { Date: "Sat, 30 May 2026 00:00:00 +0200" } });
  await refused(t, "INDEX_INVALID", { fields: { "Valid-Until": "tomorrow UTC" } });
});

test("an older Release than one that was seen before is refused", async (t) => {
  const key = await KEY;
  const root = temporaryDirectory(t);
  const keyring = join(temporaryDirectory(t), "trusted.asc");
  write(keyring, key.public);
  const context = await testContext(t, { repositories: [`${root} stable main`], keyrings: [keyring] });
  const solve = async (): Promise<Solution> => await solveRequest(parseRequest("app"), AMD64, { ...context });
  await writeRepository(root, { keys: [key] });
  await solve();
  await writeRepository(root, { keys: [key], date: NOW - 5 * DAY });
  await assert.rejects(solve(), { code: "INDEX_ROLLED_BACK", message: /2026-05-27.*2026-05-31/ });
  await writeRepository(root, { keys: [key], date: NOW - DAY / 2 });
  assert.equal((await solve()).packages.length, 2);
});

const indexOf = (root: string): string => join(root, "dists/stable/main/binary-amd64/Packages.gz");

test("an index that is not the one that the Release names is refused", async (t) => {
  await refused(t, "DIGEST_MISMATCH", {
    tamper: (_path, root) => {
      const bytes = readFileSync(indexOf(root));
      bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
      writeFileSync(indexOf(root), bytes);
    },
  });
});

test("an index that is longer or shorter than the Release says is refused", async (t) => {
  await refused(t, "FILE_TOO_LARGE", { tamper: (_path, root) => appendFileSync(indexOf(root), "x") });
  await refused(t, "SIZE_MISMATCH", {
    tamper: (_path, root) => writeFileSync(indexOf(root), readFileSync(indexOf(root)).subarray(0, 30)),
  });
});

test("an index that is missing is named", async (t) => {
  await refused(t, "NOT_FOUND", { tamper: (_path, root) => rmSync(indexOf(root)) });
});

test("a Release that names digests only that are too weak is refused", async (t) => {
  await refused(t, "INDEX_INVALID", { digests: "MD5Sum" });
});

test("SHA-512 will do, and any compression that is there", async (t) => {
  for (const compressions of [[""], [".zst"], [".gz", ""]] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const { packages } = await solveFrom(t, { digests: "SHA512", compressions });
    assert.equal(packages.length, 2);
  }
});

test("a plain index that is listed but not there is got in another form", async (t) => {
  const { packages } = await solveFrom(t, {
    compressions: [".gz", ".zst"],
    tamper: (_path, root) => rmSync(indexOf(root).replace(".gz", ".zst")),
  });
  assert.equal(packages.length, 2);
});

test("an index that is signed but cut short, damaged or a bomb is refused", async (t) => {
  await refused(t, "INDEX_TRUNCATED", { spoil: (bytes) => bytes.subarray(0, -12) });
  await refused(t, "INDEX_INVALID", {
    spoil: (bytes) => {
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 6) ^ 1, bytes.length - 6); // of its checksum
      return bytes;
    },
  });
  const half = gzipSync(Buffer.alloc(2 ** 29));
  await refused(t, "INDEX_TOO_LARGE", { spoil: () => Buffer.concat([half, half, half, half]) });
});

test("a path in the Release that leads out of the archive is refused", async (t) => {
  await refused(t, "INDEX_INVALID", {
    fields: { SHA256: `\n ${"0".repeat(64)} 1 ../../etc/passwd` },
    digests: "SHA512",
  });
});

test("what the archive does not have is said by its name", async (t) => {
  await refused(t, "REPOSITORY_INVALID", { source: "ROOT stable contrib" });
  await refused(t, "NOT_FOUND", { source: "ROOT unstable main" });
  await refused(t, "PLATFORM_UNSUPPORTED", {
    fields: { Architectures: "arm64" },
    source: "[arch=arm64] ROOT stable main",
  });
});
