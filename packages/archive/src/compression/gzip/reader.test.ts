import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";

import { piecesOf, requireProgram, run, sampleBytes, temporaryDirectory, watchedStream } from "@cooper/test";
import * as fc from "fast-check";

import { collect, fromBytes } from "../../bytes.ts";
import { readFileStream } from "../../file-stream.ts";
import { decompress } from "../decompress.ts";

const LIMIT = 2 ** 26;
const HELLO = Buffer.from("hello, world\n");

async function read(...chunks: readonly Uint8Array[]): Promise<Buffer> {
  return await collect(decompress(fromBytes(...chunks)), { limit: LIMIT });
}

interface HeaderParts {
  readonly flags: number;
  readonly extra?: Buffer;
  readonly name?: string;
  readonly comment?: string;
  readonly headerChecksum?: "right" | "wrong";
}

/** A member with the optional parts of a header, which few programs write. */
function member(content: Buffer, { flags, extra, name, comment, headerChecksum }: HeaderParts): Buffer {
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3])];
  if (extra !== undefined) parts.push(Buffer.from([extra.length & 255, extra.length >> 8]), extra);
  for (const text of [name, comment]) if (text !== undefined) parts.push(Buffer.from(`${text}\0`));
  if (headerChecksum !== undefined) {
    const sum = (crc32(Buffer.concat(parts)) + (headerChecksum === "right" ? 0 : 1)) & 0xffff;
    parts.push(Buffer.from([sum & 255, sum >> 8]));
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length, 4);
  return Buffer.concat([...parts, deflateRawSync(content), trailer]);
}

test("every optional part of a header is passed over, in chunks of any size", async () => {
  const odd: Readonly<Record<string, Buffer>> = {
    none: member(HELLO, { flags: 0 }),
    "marked as text": member(HELLO, { flags: 1 }),
    extra: member(HELLO, { flags: 4, extra: sampleBytes(60_000) }),
    "empty extra": member(HELLO, { flags: 4, extra: Buffer.alloc(0) }),
    name: member(HELLO, { flags: 8, name: "a name" }),
    "a name of 200 kB": member(HELLO, { flags: 8, name: "n".repeat(200_000) }),
    comment: member(HELLO, { flags: 16, comment: "said" }),
    checksum: member(HELLO, { flags: 2, headerChecksum: "right" }),
    all: member(HELLO, { flags: 31, extra: HELLO, name: "n", comment: "c", headerChecksum: "right" }),
  };
  for (const [what, bytes] of Object.entries(odd)) {
    assert.deepEqual(await read(bytes), HELLO, what);
    if (bytes.length < 1000) assert.deepEqual(await read(...piecesOf(bytes, [1])), HELLO, what);
  }
});

test("a wrong checksum of a header, and a flag that does not exist, are damage", async () => {
  await assert.rejects(read(member(HELLO, { flags: 2, headerChecksum: "wrong" })), {
    code: "COMPRESSION_INVALID",
  });
  await assert.rejects(read(member(HELLO, { flags: 32 })), { code: "COMPRESSION_INVALID" });
});

test("members one after the other are one content, wherever the chunks are cut", async () => {
  const contents = [
    HELLO,
    Buffer.alloc(0),
    sampleBytes(300_000),
    HELLO,
    sampleBytes(40_000, 7),
    Buffer.alloc(0),
  ];
  const bytes = Buffer.concat(contents.map((content) => gzipSync(content)));
  const expected = Buffer.concat(contents);
  for (const lengths of [[bytes.length], [1_000_003], [65_536], [1000], [97, 0, 3001]]) {
    assert.ok(expected.equals(await read(...piecesOf(bytes, lengths))), `pieces of ${lengths.join()}`);
  }
});

test("a thousand small members, as in eStargz, are one content", async () => {
  const contents = Array.from({ length: 1000 }, (_, index) => sampleBytes(index * 5, index));
  const bytes = Buffer.concat(contents.map((content) => gzipSync(content)));
  assert.ok(Buffer.concat(contents).equals(await read(...piecesOf(bytes, [70_000]))));
});

test("a small member after a small one may still be a large one", async () => {
  const large = sampleBytes(3 * 2 ** 20);
  const bytes = Buffer.concat([
    gzipSync(HELLO),
    gzipSync(large),
    gzipSync(Buffer.alloc(10 * 2 ** 20)),
    gzipSync(HELLO),
  ]);
  const expected = Buffer.concat([HELLO, large, Buffer.alloc(10 * 2 ** 20), HELLO]);
  assert.ok(expected.equals(await read(...piecesOf(bytes, [300_000]))));
});

const AFTER: Readonly<Record<string, Buffer>> = {
  "zeros up to a record of a tape": Buffer.alloc(10_240),
  "one zero": Buffer.alloc(1),
  "a word": Buffer.from("garbage"),
  "zeros and then a member": Buffer.concat([Buffer.alloc(512), gzipSync("not read")]),
  "a megabyte": sampleBytes(2 ** 20),
};

for (const [what, after] of Object.entries(AFTER)) {
  test(`after the last member ${what} is ignored, and read to the end`, async () => {
    const bytes = Buffer.concat([gzipSync(sampleBytes(100_000)), after]);
    for (const length of [bytes.length, 30_011, 512]) {
      const source = watchedStream(piecesOf(bytes, [length]));
      assert.ok(sampleBytes(100_000).equals(await collect(decompress(source), { limit: LIMIT })));
      assert.equal(source.state.given, Math.ceil(bytes.length / length));
    }
  });
}

test("gzip(1) and Cooper agree on members, padding and garbage", async (t) => {
  const program = requireProgram(t, "gzip");
  if (program === undefined) return;
  for (const [what, after] of Object.entries(AFTER)) {
    const bytes = Buffer.concat([gzipSync(HELLO), gzipSync(HELLO), after]);
    const { stdout, status } = await run(program, ["-dc"], { input: bytes, status: "any" });
    assert.notEqual(status, 1, what); // 2 is a warning
    assert.equal(stdout, (await read(bytes)).toString(), what);
  }
});

test("a member that is cut anywhere is truncated", async () => {
  const bytes = member(sampleBytes(500), {
    flags: 31,
    extra: HELLO,
    name: "n",
    comment: "c",
    headerChecksum: "right",
  });
  for (let length = 3; length < bytes.length; length++) {
    await assert.rejects(read(bytes.subarray(0, length)), { code: "TRUNCATED" }, `at ${length}`);
  }
});

test("a second member that is cut anywhere is truncated: nothing is lost in silence", async () => {
  const first = gzipSync(HELLO);
  const bytes = Buffer.concat([first, gzipSync(sampleBytes(500))]);
  for (let length = first.length + 1; length < bytes.length; length++) {
    await assert.rejects(read(bytes.subarray(0, length)), { code: "TRUNCATED" }, `at ${length}`);
  }
});

test("each bit turned is found, or makes no difference", async () => {
  const content = sampleBytes(400);
  const bytes = Buffer.concat([gzipSync(content), gzipSync(content)]);
  const secondMagic = gzipSync(content).length;
  for (let bit = 3 * 8; bit < bytes.length * 8; bit++) {
    const at = bit >> 3;
    if (at === secondMagic || at === secondMagic + 1) continue; // then it is no member but what follows the last
    const turned = Buffer.from(bytes);
    turned[at] = (turned[at] ?? 0) ^ (1 << (bit & 7));
    const given = await read(turned).catch((error: unknown) => {
      assert.ok(error instanceof Error && "code" in error, String(error));
      assert.match(String(error.code), /^(COMPRESSION_INVALID|TRUNCATED)$/);
      return undefined;
    });
    if (given !== undefined) assert.ok(given.equals(Buffer.concat([content, content])), `bit ${bit}`);
  }
});

test("a wrong length at the end of a member is damage", async () => {
  const bytes = gzipSync(HELLO);
  bytes.writeUInt32LE(HELLO.length + 1, bytes.length - 4);
  await assert.rejects(read(bytes), { code: "COMPRESSION_INVALID", message: /length/ });
});

test("any content in any number of members and any chunks comes back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 }),
      async (contents, lengths) => {
        const bytes = Buffer.concat(contents.map((content) => gzipSync(content)));
        assert.ok(Buffer.concat(contents).equals(await read(...piecesOf(bytes, lengths))));
      },
    ),
    { numRuns: 60 },
  );
});

test("noise behind a gzip header never hangs and never gives bytes without an error", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (noise) => {
      await assert.rejects(read(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), noise));
    }),
    { numRuns: 150 },
  );
});

for (const program of ["gzip", "pigz"]) {
  test(`what ${program} writes at every level is read`, async (t) => {
    const path = requireProgram(t, program);
    if (path === undefined) return;
    const file = join(temporaryDirectory(t), "sample");
    const content = sampleBytes(700_000);
    for (const level of [1, 6, 9]) {
      writeFileSync(file, content);
      await run(path, [`-${level}`, "-f", file]);
      assert.ok(content.equals(await collect(decompress(readFileStream(`${file}.gz`)), { limit: LIMIT })));
    }
  });
}
