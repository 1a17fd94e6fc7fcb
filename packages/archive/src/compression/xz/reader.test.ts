import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { piecesOf, requireProgram, run, sampleBytes, temporaryDirectory, watchedStream } from "@cooper/test";

import { collect } from "../../bytes.ts";
import type { ByteStream } from "../../bytes.ts";
import { ByteSource } from "../../tar/byte-source.ts";
import { verified } from "../../verified.ts";
import { decompress } from "../decompress.ts";
import { unlzma, unxz } from "./reader.ts";
import { unxzByWasm } from "./wasm-reader.ts";

const LIMIT = 2 ** 26;
const HELLO = Buffer.from("hello, world\n");

async function xz(
  t: TestContext,
  content: Uint8Array,
  ...options: readonly string[]
): Promise<Buffer | undefined> {
  const program = requireProgram(t, "xz", "xz-utils");
  if (program === undefined) return undefined;
  const file = join(temporaryDirectory(t), "sample");
  writeFileSync(file, content);
  await run(program, ["-q", ...options, file]);
  return readFileSync(`${file}.xz`);
}

for (const [way, decode] of [
  ["by liblzma", unxz],
  ["by WebAssembly", unxzByWasm],
] as const) {
  const read = async (stream: ByteStream): Promise<Buffer> =>
    await collect(decode(new ByteSource(stream, { maxBytes: Infinity, signal: undefined })), {
      limit: LIMIT,
    });

  const opened = (bytes: Buffer): AsyncIterator<Uint8Array> =>
    decode(new ByteSource(watchedStream([bytes]), { maxBytes: Infinity, signal: undefined }))[
      Symbol.asyncIterator
    ]();

  test(`xz ${way}: levels, checks, many blocks, in pieces`, async (t) => {
    const content = sampleBytes(700_000);
    for (const options of [
      ["-0"],
      ["-9"],
      ["-C", "none"],
      ["-C", "crc32"],
      ["-C", "crc64"],
      ["--block-size=100000"],
    ]) {
      const bytes = await xz(t, content, ...options);
      if (bytes === undefined) return;
      assert.ok(content.equals(await read(watchedStream(piecesOf(bytes, [100_003])))), options.join(" "));
    }
  });

  test(`xz ${way}: pieces of one byte, an empty file, padding behind`, async (t) => {
    const bytes = await xz(t, HELLO);
    const empty = await xz(t, Buffer.alloc(0));
    if (bytes === undefined || empty === undefined) return;
    assert.deepEqual(await read(watchedStream(piecesOf(bytes, [1]))), HELLO);
    assert.equal((await read(watchedStream([empty]))).length, 0);
    assert.deepEqual(await read(watchedStream([bytes, Buffer.alloc(8)])), HELLO);
  });

  test(`xz ${way}: streams one after the other are one content`, async (t) => {
    const bytes = await xz(t, HELLO);
    if (bytes === undefined) return;
    assert.deepEqual(await read(watchedStream([bytes, bytes])), Buffer.concat([HELLO, HELLO]));
    assert.deepEqual(
      await read(watchedStream([bytes, Buffer.alloc(4), bytes])),
      Buffer.concat([HELLO, HELLO]),
    );
  });

  test(`xz ${way}: cut data are truncated`, async (t) => {
    const bytes = await xz(t, sampleBytes(3000));
    if (bytes === undefined) return;
    for (const length of [6, 12, 13, 100, bytes.length - 30, bytes.length - 12, bytes.length - 1]) {
      await assert.rejects(
        read(watchedStream([bytes.subarray(0, length)])),
        { code: "TRUNCATED" },
        `at ${length}`,
      );
    }
  });

  test(`xz ${way}: a byte changed is found`, async (t) => {
    const bytes = await xz(t, sampleBytes(3000));
    if (bytes === undefined) return;
    for (let at = 8; at < bytes.length; at += 101) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      await assert.rejects(read(watchedStream([changed])), (error) => {
        assert.ok(error instanceof Error && "code" in error, String(error));
        assert.match(String(error.code), /^(COMPRESSION_INVALID|COMPRESSION_UNSUPPORTED|TRUNCATED)$/);
        return true;
      });
    }
  });

  test(`xz ${way}: two files are read in turns`, async (t) => {
    const bytes = await xz(t, sampleBytes(700_000), "-0");
    if (bytes === undefined) return;
    const [one, other] = [1, 2].map(() => {
      const source = new ByteSource(watchedStream([bytes]), { maxBytes: Infinity, signal: undefined });
      return decode(source)[Symbol.asyncIterator]();
    });
    assert.ok(one !== undefined && other !== undefined);
    assert.notEqual((await one.next()).done, true);
    assert.notEqual((await other.next()).done, true);
    await one.return?.();
    await other.return?.();
  });

  test(`xz ${way}: a file is read on while others begin that need more memory`, async (t) => {
    const content = sampleBytes(3_000_000);
    const [small, large] = [await xz(t, content, "-0"), await xz(t, content, "-9")];
    if (small === undefined || large === undefined) return;
    const first = opened(small);
    const others: AsyncIterator<Uint8Array>[] = [];
    const chunks: Uint8Array[] = [];
    for (let result = await first.next(); result.done !== true; result = await first.next()) {
      chunks.push(result.value);
      if (others.length === 3) continue;
      const other = opened(large);
      others.push(other);
      await other.next();
    }
    assert.ok(Buffer.concat(chunks).equals(content));
    for (const other of others) await other.return?.();
  });

  test(`xz ${way}: a wrong digest is found, though the content is whole`, async (t) => {
    const bytes = await xz(t, HELLO);
    if (bytes === undefined) return;
    const digest = `sha256:${"0".repeat(64)}`;
    const checked = verified(watchedStream([bytes]), { digest, size: bytes.length });
    await assert.rejects(read(checked), { code: "DIGEST_MISMATCH" });
  });

  test(`xz ${way}: a fault of the source passes as it is`, async (t) => {
    const bytes = await xz(t, sampleBytes(700_000), "-0");
    if (bytes === undefined) return;
    const failure = new Error("the wire broke");
    await assert.rejects(read(watchedStream([bytes.subarray(0, 50_000)], failure)), failure);
  });
}

test("a SHA-256 check is known to liblzma; WebAssembly says what to install", async (t) => {
  const bytes = await xz(t, HELLO, "-C", "sha256");
  if (bytes === undefined) return;
  assert.deepEqual(await collect(decompress(watchedStream([bytes])), { limit: LIMIT }), HELLO);
  const source = new ByteSource(watchedStream([bytes]), { maxBytes: Infinity, signal: undefined });
  await assert.rejects(collect(unxzByWasm(source), { limit: LIMIT }), {
    code: "COMPRESSION_UNSUPPORTED",
    advice: /liblzma5/,
  });
});

test("leaving xz early closes the source", async (t) => {
  const bytes = await xz(t, sampleBytes(4 * 2 ** 20), "-0");
  if (bytes === undefined) return;
  const source = watchedStream(piecesOf(bytes, [50_000]));
  for await (const _ of decompress(source)) break;
  assert.equal(source.state.closed, true);
});

test("what asks for more memory than it may have is refused", async (t) => {
  const bytes = await xz(t, HELLO, "--lzma2=preset=0,dict=768MiB");
  if (bytes === undefined) return;
  await assert.rejects(collect(decompress(watchedStream([bytes])), { limit: LIMIT }), {
    code: "COMPRESSION_UNSUPPORTED",
    message: /256 MiB of memory/,
  });
});

test("what LZMA Utils wrote is read: whole, cut short, damaged", async (t) => {
  const program = requireProgram(t, "xz", "xz-utils");
  if (program === undefined) return;
  const content = sampleBytes(700_000);
  const file = join(temporaryDirectory(t), "sample");
  writeFileSync(file, content);
  await run(program, ["--format=lzma", file]);
  const bytes = readFileSync(`${file}.lzma`);
  const read = async (...pieces: readonly Uint8Array[]): Promise<Buffer> =>
    await collect(decompress(watchedStream([...pieces])), { limit: LIMIT });
  assert.ok(content.equals(await read(...piecesOf(bytes, [100_003]))));
  await assert.rejects(read(bytes.subarray(0, bytes.length - 100)), { code: "TRUNCATED" });
  const changed = Buffer.from(bytes);
  changed.fill(0xff, 1000, 1100);
  await assert.rejects(read(changed), { code: "COMPRESSION_INVALID" });
  const source = new ByteSource(watchedStream([HELLO]), { maxBytes: Infinity, signal: undefined });
  await assert.rejects(collect(unlzma(source), { limit: LIMIT }), { code: "COMPRESSION_INVALID" });
});
