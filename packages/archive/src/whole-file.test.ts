import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { type ByteStream, collect } from "./bytes.ts";
import { readFileStream } from "./file-stream.ts";
import { observed, verified } from "./verified.ts";
import { copyWholeFile, readWholeFile } from "./whole-file.ts";

const directory = mkdtempSync(join(tmpdir(), "cooper-whole-file-"));
after(() => rmSync(directory, { recursive: true }));

const BYTES = Buffer.alloc(3 * 2 ** 20, "staves ");
const PROMISED = {
  digest: `sha256:${createHash("sha256").update(BYTES).digest("hex")}`,
  size: BYTES.length,
};

function written(name: string): string {
  const path = join(directory, name);
  writeFileSync(path, BYTES);
  return path;
}

test("a whole file is copied as a file, whoever watched the stream, and is checked against nothing twice", async () => {
  const path = written("source");
  const stream = readWholeFile(path, PROMISED);
  const watched = observed(stream, () => {});
  assert.equal(verified(watched, PROMISED), watched);
  const copy = join(directory, "copy");
  assert.equal(await copyWholeFile(watched, copy), BYTES.length);
  assert.ok(readFileSync(copy).equals(BYTES));
});

test("a whole file is read like any other, and checked against another promise", async () => {
  const path = written("read");
  assert.ok((await collect(readWholeFile(path, PROMISED), { limit: 2 ** 23 })).equals(BYTES));
  const other = { digest: `sha256:${"0".repeat(64)}`, size: BYTES.length };
  const checked = verified(readWholeFile(path, PROMISED), other);
  await assert.rejects(collect(checked, { limit: 2 ** 23 }), { code: "DIGEST_MISMATCH" });
});

test("another stream is not copied, nor is one that was made of a whole file", async () => {
  const path = written("other");
  const copy = join(directory, "nothing");
  assert.equal(await copyWholeFile(readFileStream(path), copy), undefined);
  const whole = readWholeFile(path, PROMISED);
  const changed = (async function* () {
    for await (const chunk of whole) yield chunk.subarray(1);
  })();
  assert.equal(await copyWholeFile(changed, copy), undefined);
  assert.throws(() => readFileSync(copy), { code: "ENOENT" });
});

test("a file that is gone or was cut short meanwhile is an error, copied or read", async () => {
  const path = written("short");
  const stream = (): ByteStream => readWholeFile(path, PROMISED);
  truncateSync(path, 5);
  await assert.rejects(copyWholeFile(stream(), join(directory, "short copy")), { code: "TRUNCATED" });
  await assert.rejects(collect(stream(), { limit: 2 ** 23 }), { code: "TRUNCATED" });
  rmSync(path);
  await assert.rejects(copyWholeFile(stream(), join(directory, "no copy")), { code: "FILE_MISSING" });
});
