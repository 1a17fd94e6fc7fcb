import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";

import { piecesOf, requireProgram, run, sampleBytes, temporaryDirectory, watchedStream } from "@cooper/test";
import * as fc from "fast-check";

import { collect, fromBytes } from "../../bytes.ts";
import { readFileStream } from "../../file-stream.ts";
import { decompress } from "../decompress.ts";
import { BlockWalker, parseFrameHeader } from "./frame.ts";

const LIMIT = 2 ** 26;
const HELLO = Buffer.from("hello, world\n");

async function read(...chunks: readonly Uint8Array[]): Promise<Buffer> {
  return await collect(decompress(fromBytes(...chunks)), { limit: LIMIT });
}

function frame(content: Uint8Array, params: Record<number, number> = {}): Buffer {
  return zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1, ...params } });
}

/** A frame that does not tell its content's size, as those of who compresses a stream. */
const unsized = (content: Uint8Array): Buffer => frame(content, { [constants.ZSTD_c_contentSizeFlag]: 0 });

function skippable(content: Uint8Array, kind = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + kind, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

/** Where a frame ends, by its headers. */
function endOf(bytes: Buffer): number {
  const header = parseFrameHeader(bytes);
  assert.ok(header !== undefined);
  const walker = new BlockWalker(header);
  const end = header.length + walker.walk(bytes.subarray(header.length));
  assert.ok(walker.hasEnded);
  return end;
}

test("all frames are read, of every kind, wherever the chunks are cut", async () => {
  const large = sampleBytes(5 * 2 ** 20);
  const bytes = Buffer.concat([
    frame(HELLO),
    skippable(sampleBytes(70_000)),
    frame(large),
    unsized(HELLO),
    frame(Buffer.alloc(0)),
    skippable(Buffer.alloc(0), 15),
    unsized(Buffer.alloc(0)),
    frame(sampleBytes(300_000)),
    unsized(large),
    frame(HELLO, { [constants.ZSTD_c_checksumFlag]: 0 }),
    skippable(HELLO),
  ]);
  const expected = Buffer.concat([HELLO, large, HELLO, sampleBytes(300_000), large, HELLO]);
  for (const lengths of [[bytes.length], [1_000_003], [65_536], [4099, 0, 1]]) {
    assert.ok(expected.equals(await read(...piecesOf(bytes, lengths))), `pieces of ${lengths.join()}`);
  }
});

test("small frames in pieces of one byte", async () => {
  const bytes = Buffer.concat([frame(HELLO), skippable(HELLO), unsized(HELLO)]);
  assert.deepEqual(await read(...piecesOf(bytes, [1])), Buffer.concat([HELLO, HELLO]));
});

test("a file that begins with a skippable frame is zstd", async () => {
  assert.deepEqual(await read(skippable(HELLO, 5), frame(HELLO)), HELLO);
});

test("a file of skippable frames only is empty", async () => {
  assert.equal((await read(skippable(HELLO), skippable(HELLO))).length, 0);
});

test("the walker finds the end of a frame by its headers, for frames of any kind", () => {
  for (const length of [0, 1, 255, 256, 257, 65_791, 65_792, 131_072, 131_073, 600_000]) {
    for (const content of [sampleBytes(length), Buffer.alloc(length)]) {
      for (const bytes of [
        frame(content),
        unsized(content),
        frame(content, { [constants.ZSTD_c_checksumFlag]: 0 }),
      ]) {
        assert.equal(endOf(Buffer.concat([bytes, HELLO])), bytes.length);
      }
    }
  }
});

test("a frame that is cut anywhere is truncated", async () => {
  for (const bytes of [frame(sampleBytes(500)), unsized(sampleBytes(500)), skippable(sampleBytes(50))]) {
    for (let length = 4; length < bytes.length; length++) {
      await assert.rejects(read(bytes.subarray(0, length)), { code: "TRUNCATED" }, `at ${length}`);
    }
  }
});

test("a second frame that is cut anywhere is truncated: nothing is lost in silence", async () => {
  const first = frame(HELLO);
  const bytes = Buffer.concat([first, frame(sampleBytes(500))]);
  for (let length = first.length + 1; length < bytes.length; length++) {
    await assert.rejects(read(bytes.subarray(0, length)), { code: "TRUNCATED" }, `at ${length}`);
  }
});

test("something else behind a frame is damage, as zstd(1) says", async (t) => {
  const bytes = Buffer.concat([frame(HELLO), Buffer.from("garbage")]);
  await assert.rejects(read(bytes), { code: "COMPRESSION_INVALID" });
  const program = requireProgram(t, "zstd");
  if (program === undefined) return;
  assert.notEqual((await run(program, ["-dc"], { input: bytes, status: "any" })).status, 0);
});

for (const [kind, make] of [
  ["with its size", frame],
  ["without its size", unsized],
] as const) {
  test(`each bit turned in a frame ${kind} is found, or makes no difference`, async () => {
    const content = sampleBytes(300);
    const bytes = Buffer.concat([make(content), make(content)]);
    for (let bit = 4 * 8; bit < bytes.length * 8; bit++) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const given = await read(turned).catch((error: unknown) => {
        assert.ok(error instanceof Error && "code" in error, String(error));
        assert.match(String(error.code), /^(COMPRESSION_INVALID|COMPRESSION_UNSUPPORTED|TRUNCATED)$/);
        return undefined;
      });
      // A magic number may turn into that of a frame that is skipped: then content is missing, not wrong.
      if (given === undefined || given.equals(content) || given.length === 0) continue;
      assert.ok(given.equals(Buffer.concat([content, content])), `bit ${bit}`);
    }
  });
}

test("a frame that needs a dictionary is unsupported and says so", async () => {
  const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 0, 1, 0, 0]);
  await assert.rejects(read(bytes), { code: "COMPRESSION_UNSUPPORTED", message: /dictionary/ });
});

test("a frame that wants two gigabytes of memory is refused", async () => {
  const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0]);
  await assert.rejects(read(bytes), { code: "COMPRESSION_UNSUPPORTED", message: /window/ });
});

test("a reserved bit, a reserved block and a block that is too large are damage", async () => {
  for (const tail of [
    [0x08, 0x58, 1, 0, 0],
    [0x00, 0x58, 7, 0, 0],
    [0x00, 0x58, 0xf9, 0xff, 0xff],
  ]) {
    await assert.rejects(read(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...tail])), {
      code: "COMPRESSION_INVALID",
    });
  }
});

test("a frame of endless empty blocks does not fill the memory", async () => {
  // Single segment, one byte of content promised, and then raw blocks of nothing.
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 1]);
  const source = watchedStream(
    (function* () {
      yield head;
      for (;;) yield Buffer.alloc(3000);
    })(),
  );
  await assert.rejects(collect(decompress(source), { limit: LIMIT }), { code: "COMPRESSION_INVALID" });
  assert.equal(source.state.closed, true);
});

test("a frame that gives more or less than it promises is damage", async () => {
  for (const promised of [11, 14, 200]) {
    // Single segment, `promised` bytes, one raw block of 13.
    const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, promised, (13 << 3) | 1, 0, 0, ...HELLO]);
    await assert.rejects(read(bytes), { code: "COMPRESSION_INVALID" }, `promised ${promised}`);
  }
});

test("any content in any number of frames and any chunks comes back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.constantFrom(frame, unsized)), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 }),
      async (frames, lengths) => {
        const bytes = Buffer.concat(frames.map(([content, make]) => make(content)));
        const expected = Buffer.concat(frames.map(([content]) => content));
        assert.ok(expected.equals(await read(...piecesOf(bytes, lengths))));
      },
    ),
    { numRuns: 60 },
  );
});

test("noise behind a zstd magic number never hangs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (noise) => {
      await read(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), noise).catch((error: unknown) => {
        assert.ok(error instanceof Error && "code" in error, String(error));
      });
    }),
    { numRuns: 300 },
  );
});

test("what zstd writes is read: levels, threads, long distance, streamed, without checksum", async (t) => {
  const program = requireProgram(t, "zstd");
  if (program === undefined) return;
  const directory = temporaryDirectory(t);
  const file = join(directory, "sample");
  const content = sampleBytes(3 * 2 ** 20);
  writeFileSync(file, content);
  for (const options of [
    ["-1"],
    ["-19"],
    ["-T2"],
    ["--long=27"],
    ["--no-check"],
    ["--fast=5"],
    ["from a pipe"],
  ]) {
    const output = join(directory, "out.zst");
    if (options[0] === "from a pipe") {
      await run("/bin/sh", ["-c", `cat "$1" | "$2" -q -f -o "$3"`, "sh", file, program, output]);
    } else {
      await run(program, ["-q", "-f", ...options, file, "-o", output]);
    }
    const given = await collect(decompress(readFileStream(output)), { limit: LIMIT });
    assert.ok(content.equals(given), options.join(" "));
    const twice = Buffer.concat([readFileSync(output), readFileSync(output)]);
    assert.ok(Buffer.concat([content, content]).equals(await read(twice)), `${options.join(" ")} twice`);
  }
});
