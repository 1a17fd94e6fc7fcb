import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { piecesOf, requireProgram, run, sampleBytes, temporaryDirectory, watchedStream } from "@cooper/test";

import { collect, fromBytes } from "../../bytes.ts";
import { decompress } from "../decompress.ts";

const LIMIT = 2 ** 27;
const HELLO = Buffer.from("hello, world\n");
/** What `bzip2 -9` makes of no bytes and of `HELLO`. */
const EMPTY = Buffer.from("QlpoORdyRThQkAAAAAA=", "base64");

async function read(...chunks: readonly Uint8Array[]): Promise<Buffer> {
  return await collect(decompress(fromBytes(...chunks)), { limit: LIMIT });
}

async function bzip2(t: TestContext, content: Uint8Array, level = 9): Promise<Buffer | undefined> {
  const program = requireProgram(t, "bzip2");
  if (program === undefined) return undefined;
  const file = join(temporaryDirectory(t), "sample");
  writeFileSync(file, content);
  await run(program, [`-${level}`, file]);
  return readFileSync(`${file}.bz2`);
}

test("an empty bzip2 file is empty, also in pieces of one byte, also twice", async () => {
  assert.equal((await read(EMPTY)).length, 0);
  assert.equal((await read(...piecesOf(EMPTY, [1]))).length, 0);
  assert.equal((await read(EMPTY, EMPTY)).length, 0);
});

const CONTENTS: Readonly<Record<string, Buffer>> = {
  "one byte": Buffer.from("a"),
  "four equal bytes": Buffer.from("aaaa"),
  "runs of 3, 4, 5, 258, 259 and 260": Buffer.from(
    [3, 4, 5, 258, 259, 260].map((n, i) => String(i).repeat(n)).join(""),
  ),
  "a run over the end of a block": Buffer.concat([sampleBytes(99_990), Buffer.alloc(3_000_000, 7), HELLO]),
  "a run at the end": Buffer.from("abcdddd"),
  "all bytes": Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 7 + (index >> 8)) & 255)),
  "several blocks": sampleBytes(1_300_000),
  "ten million zeros": Buffer.alloc(10_000_000),
};

for (const [what, content] of Object.entries(CONTENTS)) {
  test(`bzip2 of ${what} is read at every size of a block`, async (t) => {
    for (const level of [1, 5, 9]) {
      const bytes = await bzip2(t, content, level);
      if (bytes === undefined) return;
      assert.ok(content.equals(await read(bytes)), `level ${level}`);
      assert.ok(content.equals(await read(...piecesOf(bytes, [4093]))), `level ${level} in pieces`);
    }
  });
}

test("bytes that do not compress are read: blocks of the longest codes", async (t) => {
  const noise = Buffer.alloc(1_500_000);
  let state = 1;
  for (let index = 0; index < noise.length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    noise[index] = state >>> 23;
  }
  const bytes = await bzip2(t, noise);
  if (bytes !== undefined) assert.ok(noise.equals(await read(bytes)));
});

test("streams one after the other are one content; what follows is ignored and read to the end", async (t) => {
  const bytes = await bzip2(t, HELLO);
  if (bytes === undefined) return;
  assert.deepEqual(await read(bytes, EMPTY, bytes), Buffer.concat([HELLO, HELLO]));
  const source = watchedStream([bytes, Buffer.from("garbage"), Buffer.alloc(99)]);
  assert.deepEqual(await collect(decompress(source), { limit: LIMIT }), HELLO);
  assert.equal(source.state.given, 3);
});

test("bzip2 data that are cut anywhere are truncated", async (t) => {
  const bytes = await bzip2(t, sampleBytes(300), 1);
  if (bytes === undefined) return;
  for (let length = 10; length < bytes.length; length++) {
    await assert.rejects(read(bytes.subarray(0, length)), { code: "TRUNCATED" }, `at ${length}`);
  }
});

test("each bit turned in bzip2 data is found, or makes no difference", async (t) => {
  const content = sampleBytes(300);
  const bytes = await bzip2(t, content, 1);
  if (bytes === undefined) return;
  for (let bit = 10 * 8; bit < bytes.length * 8; bit++) {
    const turned = Buffer.from(bytes);
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const given = await read(turned).catch((error: unknown) => {
      assert.ok(error instanceof Error && "code" in error, String(error));
      assert.match(String(error.code), /^(COMPRESSION_INVALID|TRUNCATED)$/);
      return undefined;
    });
    if (given !== undefined) assert.ok(given.equals(content), `bit ${bit}`);
  }
});
