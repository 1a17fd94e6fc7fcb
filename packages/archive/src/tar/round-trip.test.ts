import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { type ByteStream, collect, fromBytes } from "../bytes.ts";
import { ArchiveError } from "../errors.ts";
import { lend } from "../reuse.ts";
import { encodeHeader } from "./encode.ts";
import type { EntryType, PathString } from "./entry.ts";
import { decodePath } from "./path.ts";
import { readTar, readTarBatches } from "./reader.ts";
import { type TarInput, writeTar } from "./writer.ts";

const LIMIT = { limit: 2 ** 26 };

const component = fc
  .uint8Array({ minLength: 1, maxLength: 120 })
  .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte)));
const path: fc.Arbitrary<PathString> = fc.oneof(
  fc
    .array(component, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map((part) => decodePath(part)).join("/")),
  fc.integer({ min: 1, max: 300 }).map((length) => "n".repeat(length)),
  fc.string({ unit: "grapheme", minLength: 1 }).map((name) => name.replaceAll(/[\0/]/g, "_")),
);
const owner = fc.oneof(
  fc.nat(2 ** 21 + 2),
  fc.nat(2 ** 31 - 1).map((id) => id * 2),
);
const time = fc.record(
  {
    seconds: fc.oneof(
      fc.integer(),
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: 2 ** 33 - 2, max: 2 ** 33 + 2 }),
    ),
    nanoseconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
  },
  { noNullPrototype: true },
);
const xattrs = fc
  .array(fc.tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.uint8Array({ maxLength: 60 })), {
    maxLength: 4,
  })
  .map(
    (pairs) =>
      new Map(pairs.map(([name, value]) => [`user.${name.replaceAll("\0", "")}`, Buffer.from(value)])),
  );
const common = { path, mode: fc.nat(0o7777), uid: owner, gid: owner, mtime: time, xattrs };
const number = fc.nat(0o7777777);

const file = fc
  .record({ ...common, type: fc.constant<EntryType>("file"), content: fc.uint8Array({ maxLength: 2000 }) })
  .map(({ content, ...rest }): TarInput => ({
    ...rest,
    size: content.length,
    content: () => Buffer.from(content),
  }));
const node = fc.record({ ...common, type: fc.constantFrom<EntryType>("directory", "fifo") });
const link = fc.record({
  ...common,
  type: fc.constantFrom<EntryType>("symlink", "hardlink"),
  linkPath: path,
});
const device = fc.record({
  ...common,
  type: fc.constantFrom<EntryType>("character-device", "block-device"),
  deviceMajor: number,
  deviceMinor: number,
});
const members = fc.array<TarInput>(fc.oneof(file, node, link, device), { maxLength: 12 });
const cuts = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 20 });

/** The bytes in chunks of these lengths, over and over. */
async function* cut(bytes: Buffer, lengths: readonly number[]): ByteStream {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

test("write, read and write again gives the same bytes, for any chunks", async () => {
  await fc.assert(
    fc.asyncProperty(members, cuts, async (inputs, lengths) => {
      const written = await collect(writeTar(inputs), LIMIT);
      const again = await collect(writeTar(readTar(cut(written, lengths))), LIMIT);
      assert.ok(again.equals(written));
    }),
    { numRuns: 200 },
  );
});

test("what is read is what was written", async () => {
  await fc.assert(
    fc.asyncProperty(members, cuts, async (inputs, lengths) => {
      const written = await collect(writeTar(inputs), LIMIT);
      let index = 0;
      for await (const member of readTar(cut(written, lengths))) {
        const input = inputs[index++];
        assert.ok(input !== undefined);
        const { content, xattrs: attributes = new Map<string, Uint8Array>(), ...fields } = input;
        assert.partialDeepStrictEqual({ ...member }, fields);
        const names = [...attributes.keys()];
        assert.deepEqual([...member.xattrs.keys()].toSorted(), names.toSorted());
        for (const name of names)
          assert.deepEqual(Buffer.from(member.xattrs.get(name) ?? []), attributes.get(name));
        const expected = content === undefined ? Buffer.alloc(0) : content();
        assert.deepEqual(await collect(member.content(), LIMIT), expected);
      }
      assert.equal(index, inputs.length);
    }),
    { numRuns: 100 },
  );
});

test("a damaged archive is read or refused, and nothing else", async () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(members, damage, cuts, async (inputs, damages, lengths) => {
      const archive = await collect(writeTar(inputs), LIMIT);
      for (const [place, byte] of damages) archive[place % archive.length] = byte;
      // The checksums are made good again, so that the damage gets past them.
      for (let at = 0; at + 512 <= archive.length; at += 512) mendChecksum(archive.subarray(at, at + 512));
      try {
        for await (const { content } of readTar(cut(archive, lengths), { limits: { maxBytes: 2 ** 22 } })) {
          await collect(content(), LIMIT);
        }
      } catch (error) {
        assert.ok(error instanceof ArchiveError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

function mendChecksum(block: Buffer): void {
  if (block.toString("latin1", 257, 262) !== "ustar") return;
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

test("all but the last of a batch have their content in memory", async () => {
  const inputs = Array.from({ length: 50 }, (_, i): TarInput => ({
    path: `${i}`,
    type: "file",
    bytes: Buffer.alloc(i * 100, i),
  }));
  const written = await collect(writeTar(inputs), LIMIT);
  const seen: number[] = [];
  for await (const batch of readTarBatches(cut(written, [10_000]))) {
    for (const [place, member] of batch.entries()) {
      if (place < batch.length - 1) assert.ok(member.bytes !== undefined);
      const bytes = member.bytes ?? (await collect(member.content(), LIMIT));
      assert.ok(Buffer.from(bytes).equals(Buffer.alloc(member.size, Number(member.path))));
      seen.push(Number(member.path));
    }
  }
  assert.deepEqual(
    seen,
    inputs.map((_, i) => i),
  );
});

test("a member that is spread and changed is written with its content", async () => {
  const archive = await collect(
    writeTar([{ path: "a", type: "file", bytes: Buffer.alloc(9000, "x") }]),
    LIMIT,
  );
  async function* renamed(): AsyncIterable<TarInput> {
    for await (const member of readTar(cut(archive, [700]))) yield { ...member, path: "b" };
  }
  for await (const member of readTar(writeTar(renamed()))) {
    assert.equal(member.path, "b");
    assert.equal((await collect(member.content(), LIMIT)).toString(), "x".repeat(9000));
  }
});

test("large contents pass through the writer without a copy, small ones are gathered", async () => {
  const large = Buffer.alloc(300_000, "x");
  const small = Buffer.alloc(10, "y");
  const content = (): ByteStream => fromBytes(small, large, small);
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar([{ path: "a", type: "file", size: 300_020, content }]))
    chunks.push(chunk);
  assert.ok(chunks.includes(large));
  assert.equal(chunks.length, 3);
});

test("a content that is longer or shorter than its size is SIZE_MISMATCH", async () => {
  for (const size of [3, 5]) {
    const whole: TarInput = { path: "a", type: "file", size, content: () => Buffer.from("text") };
    const streamed: TarInput = { path: "a", type: "file", size, content: () => fromBytes("te", "xt") };
    const held: TarInput = { path: "a", type: "file", size, bytes: Buffer.from("text") };
    for (const member of [whole, streamed, held]) {
      await assert.rejects(collect(writeTar([member]), LIMIT), { code: "SIZE_MISMATCH" });
    }
  }
  await assert.rejects(collect(writeTar([{ path: "a", type: "file", size: 1 }]), LIMIT), {
    code: "SIZE_MISMATCH",
  });
});

test("a stream without a size, and what no header can hold, is TAR_ENTRY_INVALID", async () => {
  const stream: TarInput = { path: "a", type: "file", content: () => fromBytes("x") };
  await assert.rejects(collect(writeTar([stream]), LIMIT), { code: "TAR_ENTRY_INVALID" });
  const entries: readonly TarInput[] = [
    { path: "", type: "file" },
    { path: "", type: "directory" },
    { path: "a\0b", type: "file" },
    { path: "\ud800", type: "file" },
    { path: "a", type: "symlink" },
    { path: "a", type: "symlink", linkPath: "b\0" },
    { path: "a", type: "file", mode: 0o100644 },
    { path: "a", type: "file", uid: -1 },
    { path: "a", type: "file", size: 1.5 },
    { path: "a", type: "file", mtime: { seconds: 0.5, nanoseconds: 0 } },
    { path: "a", type: "file", mtime: { seconds: 0, nanoseconds: 1e9 } },
    { path: "a", type: "block-device", deviceMajor: 2 ** 21 },
    { path: "a", type: "file", xattrs: new Map([["", Buffer.alloc(0)]]) },
  ];
  for (const entry of entries) {
    assert.throws(() => encodeHeader(entry), { code: "TAR_ENTRY_INVALID" }, JSON.stringify(entry));
  }
});

test("memory that was lent comes back before more is asked for, and the archive is the same", async () => {
  const files = Array.from({ length: 40 }, (_, at) => ({
    path: `file-${at}`,
    type: "file" as const,
    bytes: Buffer.alloc((at * 7919) % 200_000, at),
  }));
  const archive = await collect(writeTar(files), LIMIT);
  let lent = 0;
  async function* lending(): ByteStream {
    const memory = Buffer.alloc(50_001);
    for (let at = 0; at < archive.length; at += memory.length) {
      let isBack = false;
      yield lend(memory.subarray(0, archive.copy(memory, 0, at)), () => (isBack = true));
      assert.ok(isBack);
      memory.fill(0xff);
      lent++;
    }
  }
  const copies: Buffer[] = [];
  for await (const chunk of writeTar(readTar(lending(), { memory: "reused" }))) {
    copies.push(Buffer.from(chunk));
  }
  assert.ok(Buffer.concat(copies).equals(archive));
  assert.ok(lent > 10);
});
