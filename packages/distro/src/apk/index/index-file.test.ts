import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fromBytes, readFileStream } from "@cooper/archive";
import { rawMember, RAW_TRAILER } from "@cooper/test";
import { ALPINE_KEY, apkData, keyIn, readAlpineIndex } from "../alpine.fixture.ts";
import { readIndex, type ReadIndexOptions } from "./index-file.ts";
import { isVersion } from "../version.ts";

const pair = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const keys = new Map([["mine.rsa.pub", pair.publicKey]]);
const RECORD = "C:Q1abc=\nP:a\nV:1-r0\nD:so:b>1 !c\np:cmd:a=1-r0\ni:d e=2\nk:10\nS:5\nI:6\nX:?\n\n";

function indexPart(records: string): Buffer {
  return gzipSync(Buffer.concat([rawMember({ name: "APKINDEX" }, records), RAW_TRAILER]));
}

function signaturePart(signed: Buffer, digest: string, name: string): Buffer {
  return gzipSync(rawMember({ name }, sign(digest, signed, pair.privateKey)));
}

function signedIndex(records: string): Buffer {
  const index = indexPart(records);
  return Buffer.concat([signaturePart(index, "sha256", ".SIGN.RSA256.mine.rsa.pub"), index]);
}

async function reading(bytes: Buffer, options: Partial<ReadIndexOptions> = {}): Promise<string> {
  try {
    await readIndex(fromBytes(bytes), { keys, ...options });
    return "read";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

test("Alpine's own index is read, its SHA-1 signature checked with Alpine's key", async (t) => {
  const directory = apkData(t, "alpine-3.16-main-x86_64");
  if (directory === undefined) return;
  const index = await readAlpineIndex(directory);
  assert.equal(index.packages.length, 4929);
  assert.equal(index.signedBy, ALPINE_KEY);
  assert.match(index.description, /^v3\.16/);
  assert.deepEqual(
    index.packages.filter(({ version, unreadable }) => !isVersion(version) || unreadable !== undefined),
    [],
  );
});

test("an index with a SHA-256 signature is read", async (t) => {
  const directory = apkData(t, "signed-repo");
  if (directory === undefined) return;
  const index = await readIndex(readFileStream(join(directory, "x86_64/APKINDEX.tar.gz")), {
    keys: keyIn(directory, "melange.rsa.pub"),
  });
  assert.deepEqual(
    index.packages.map(({ name }) => name),
    ["custom-ca-certs-1", "custom-ca-certs-2", "pretend-baselayout", "replayout"],
  );
});

test("all that a record says is kept, and unknown letters are passed over", async () => {
  const { packages } = await readIndex(fromBytes(signedIndex(RECORD)), { keys });
  const found = packages[0];
  assert.ok(found !== undefined);
  assert.equal(found.checksum, "Q1abc=");
  assert.deepEqual(
    [found.size, found.installedSize, found.providerPriority, found.origin, found.buildTime],
    [5, 6, 10, "a", undefined],
  );
  assert.deepEqual(
    [found.depends, found.provides, found.installIf].map((list) => list.map(({ name }) => name)),
    [["so:b", "c"], ["cmd:a"], ["d", "e"]],
  );
});

test("an index that anybody changed on its way is refused", async () => {
  const bytes = signedIndex(RECORD);
  const offset = bytes.length - 20;
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  assert.equal(await reading(bytes), "SIGNATURE_INVALID");
});

test("another key under the same name is refused", async () => {
  const other = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const wrong = new Map([["mine.rsa.pub", other.publicKey]]);
  assert.equal(await reading(signedIndex(RECORD), { keys: wrong }), "SIGNATURE_INVALID");
  assert.equal(await reading(signedIndex(RECORD), { keys: new Map() }), "KEY_UNKNOWN");
  const none = new Map([["mine.rsa.pub", "no key"]]);
  assert.equal(await reading(signedIndex(RECORD), { keys: none }), "KEY_INVALID");
});

test("an index without a signature is refused, unless that is asked for", async () => {
  assert.equal(await reading(indexPart(RECORD)), "INDEX_UNSIGNED");
  assert.equal(await reading(indexPart(RECORD), { keys: "unchecked" }), "read");
});

test("an index is refused wherever it is cut", async () => {
  const bytes = signedIndex(RECORD);
  for (let length = 0; length < bytes.length; length += 7) {
    assert.equal(await reading(bytes.subarray(0, length)), "INDEX_TRUNCATED", `${length} bytes`);
  }
  const unsigned = indexPart(RECORD);
  const half = unsigned.subarray(0, unsigned.length - 20);
  assert.equal(await reading(half, { keys: "unchecked" }), "INDEX_TRUNCATED");
});

test("an index in the signature's own part, which nobody signed, is never read", async () => {
  const signed = indexPart(RECORD);
  const forged = [
    rawMember({ name: ".SIGN.RSA256.mine.rsa.pub" }, sign("sha256", signed, pair.privateKey)),
    rawMember({ name: "APKINDEX" }, RECORD.replace("P:a", "P:evil")),
  ];
  const beside = Buffer.concat([gzipSync(Buffer.concat(forged)), signed]);
  const index = await readIndex(fromBytes(beside), { keys });
  assert.deepEqual(
    index.packages.map(({ name }) => name),
    ["a"],
  );
  // A header whose content would swallow the signed part that follows.
  const swallowing = gzipSync(Buffer.concat([...forged, rawMember({ name: "rest", size: 1024 })]));
  assert.equal(await reading(Buffer.concat([swallowing, signed])), "INDEX_INVALID");
});

test("a decompression bomb is refused, in the index and in the signature", async () => {
  const bomb = signedIndex("T:".padEnd(8 * 2 ** 20, "a"));
  assert.equal(await reading(bomb, { maxContentBytes: 2 ** 20 }), "INDEX_TOO_LARGE");
  assert.equal(await reading(bomb, { maxBytes: 100 }), "INDEX_TOO_LARGE");
  const inFront = Buffer.concat([gzipSync(Buffer.alloc(16 * 2 ** 20)), indexPart(RECORD)]);
  assert.equal(await reading(inFront), "INDEX_UNSIGNED");
});

test("what is no index is refused, and the line is named", async () => {
  assert.equal(await reading(Buffer.from("this is certainly not an index")), "INDEX_INVALID");
  assert.equal(await reading(signedIndex("P:a\nV:1\n\n")), "INDEX_INVALID");
  assert.equal(await reading(signedIndex("C:Q1=\nP:a\nV:1\nS:many\n\n")), "INDEX_INVALID");
  await assert.rejects(readIndex(fromBytes(signedIndex(`${RECORD}nonsense\n`)), { keys }), /line 12:/);
  const other = gzipSync(Buffer.concat([rawMember({ name: "other" }, "x"), RAW_TRAILER]));
  assert.equal(await reading(other, { keys: "unchecked" }), "INDEX_INVALID");
});

test("each byte of Alpine's index is under its signature", async (t) => {
  const directory = apkData(t, "alpine-3.16-main-x86_64");
  if (directory === undefined) return;
  const original = readFileSync(join(directory, "APKINDEX.tar.gz"));
  for (const offset of [1000, 20_000, original.length - 1]) {
    const bytes = Buffer.from(original);
    bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
    assert.equal(await reading(bytes, { keys: keyIn(directory, ALPINE_KEY) }), "SIGNATURE_INVALID");
  }
});

test("an index of apk-tools 3 is named as such", async () => {
  for (const magic of ["ADB.", "ADBd", "ADBc"]) {
    const bytes = Buffer.concat([Buffer.from(magic), Buffer.alloc(100)]);
    await assert.rejects(readIndex(fromBytes(bytes), { keys }), {
      code: "INDEX_INVALID",
      message: /apk-tools 3, and only those of version 2/,
    });
  }
});
