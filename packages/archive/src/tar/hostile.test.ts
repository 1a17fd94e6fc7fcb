import assert from "node:assert/strict";
import { test } from "node:test";

import { RAW_TRAILER, rawHeader, rawMember, rawPax, rawTar } from "@cooper/test";

import { type ByteStream, collect, fromBytes } from "../bytes.ts";
import { ArchiveError, type ArchiveErrorCode } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { readTar } from "./reader.ts";

interface Attack {
  readonly name: string;
  readonly archive: Buffer;
  readonly code: ArchiveErrorCode;
  /** Where the message says the fault lies. */
  readonly offset?: number;
  readonly limits?: Partial<Limits>;
}

const member = rawMember({ name: "n" }, "text");
const base256 = (...bytes: number[]): string => Buffer.from(bytes).toString("latin1");

/** A PAX header of this body, well-formed or not. */
const pax = (body: string): Buffer => rawMember({ name: "x", type: "x" }, body);

const ATTACKS: readonly Attack[] = [
  { name: "text that is no archive", archive: Buffer.alloc(600, "text "), code: "TAR_INVALID", offset: 0 },
  {
    name: "a gzip file",
    archive: Buffer.concat([Buffer.of(31, 139, 8), Buffer.alloc(600)]),
    code: "TAR_INVALID",
    offset: 0,
  },
  {
    name: "a wrong checksum",
    archive: rawTar(member, rawMember({ name: "n", checksum: "wrong" })),
    code: "TAR_INVALID",
    offset: 1024,
  },
  { name: "a few bytes of text", archive: Buffer.from("hello"), code: "TRUNCATED", offset: 5 },
  { name: "an end inside a header", archive: member.subarray(0, 300), code: "TRUNCATED", offset: 300 },
  {
    name: "an end inside a second header",
    archive: Buffer.concat([member, member.subarray(0, 9)]),
    code: "TRUNCATED",
    offset: 1033,
  },
  {
    name: "an end inside a content",
    archive: rawMember({ name: "n" }, "x".repeat(600)).subarray(0, 1000),
    code: "TRUNCATED",
    offset: 1000,
  },
  {
    name: "an end inside the padding of a content",
    archive: member.subarray(0, 600),
    code: "TRUNCATED",
    offset: 600,
  },
  {
    name: "an end inside an extended header",
    archive: rawPax({ path: "x".repeat(600) }).subarray(0, 900),
    code: "TRUNCATED",
    offset: 900,
  },
  {
    name: "an end after an extended header",
    archive: rawPax({ path: "x" }),
    code: "TRUNCATED",
    offset: 1024,
  },
  {
    name: "a trailer after an extended header",
    archive: rawTar(rawPax({ path: "x" })),
    code: "TAR_INVALID",
    offset: 0,
  },
  {
    name: "a negative size",
    archive: rawTar(rawHeader({ name: "n", size: base256(...Array<number>(12).fill(255)) })),
    code: "TAR_INVALID",
  },
  {
    name: "a negative size in a record",
    archive: rawTar(rawPax({ size: "-512" }), member),
    code: "TAR_INVALID",
  },
  {
    name: "a negative size of an extended header",
    archive: rawTar(rawHeader({ type: "x", size: base256(...Array<number>(12).fill(255)) })),
    code: "TAR_INVALID",
  },
  {
    name: "a size beyond 2^53",
    archive: rawTar(
      rawHeader({ name: "n", size: base256(128, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255) }),
    ),
    code: "TAR_INVALID",
  },
  {
    name: "a size beyond 2^53 in a record",
    archive: rawTar(rawPax({ size: "99999999999999999" }), member),
    code: "TAR_INVALID",
  },
  {
    name: "a size of hexadecimal digits in a record",
    archive: rawTar(rawPax({ size: "0x10" }), member),
    code: "TAR_INVALID",
  },
  {
    name: "a size that is no number",
    archive: rawTar(rawHeader({ name: "n", size: "12345678 9x\0" }), rawHeader({ name: "n", size: "9\0" })),
    code: "TAR_INVALID",
  },
  {
    name: "an mtime that is no number",
    archive: rawTar(rawHeader({ name: "n", mtime: "yesterday" })),
    code: "TAR_INVALID",
  },
  {
    name: "an mtime in a record that is no time",
    archive: rawTar(rawPax({ mtime: "1e9" }), member),
    code: "TAR_INVALID",
  },
  {
    name: "a size of many gigabytes and no content",
    archive: rawHeader({ name: "n", size: 0o77777777777 }),
    code: "TRUNCATED",
    offset: 512,
  },
  {
    name: "an extended header of many gigabytes",
    archive: rawHeader({ type: "x", size: 0o77777777777 }),
    code: "LIMIT_EXCEEDED",
  },
  {
    name: "a long name of many gigabytes",
    archive: rawHeader({ type: "L", size: 0o77777777777 }),
    code: "LIMIT_EXCEEDED",
  },
  {
    name: "extended headers without end",
    archive: Buffer.concat(Array.from({ length: 2000 }, () => rawPax({}))),
    code: "TAR_INVALID",
  },
  {
    name: "global records without end",
    archive: rawTar(
      rawPax(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, "v"])), "g"),
      member,
    ),
    code: "TAR_INVALID",
  },
  {
    name: "a record without a length",
    archive: rawTar(pax("path=x\n"), member),
    code: "TAR_INVALID",
    offset: 512,
  },
  { name: "a record whose length is 0", archive: rawTar(pax("0 path=x\n"), member), code: "TAR_INVALID" },
  {
    name: "a record whose length is negative",
    archive: rawTar(pax("-9 path=x\n"), member),
    code: "TAR_INVALID",
  },
  {
    name: "a record longer than its header",
    archive: rawTar(pax("99 path=x\n"), member),
    code: "TAR_INVALID",
  },
  {
    name: "a record with a length beyond all numbers",
    archive: rawTar(pax(`${"9".repeat(400)} path=x\n`), member),
    code: "TAR_INVALID",
  },
  {
    name: "a record that is cut short of its newline",
    archive: rawTar(pax("8 path=x\n"), member),
    code: "TAR_INVALID",
  },
  { name: "a record without an equals sign", archive: rawTar(pax("7 path\n"), member), code: "TAR_INVALID" },
  { name: "a record without a key", archive: rawTar(pax("5 =x\n"), member), code: "TAR_INVALID" },
  {
    name: "a record with a key of many kilobytes",
    archive: rawTar(rawPax({ ["k".repeat(5000)]: "v" }), member),
    code: "TAR_INVALID",
  },
  {
    name: "a record with a NUL in its key",
    archive: rawTar(pax("11 pa\0th=x\n"), member),
    code: "TAR_INVALID",
  },
  {
    name: "a record padded with NULs",
    archive: rawTar(pax("10 path=x\n\0\0\0"), member),
    code: "TAR_INVALID",
    offset: 522,
  },
  {
    name: "a path with a NUL, which others cut there",
    archive: rawTar(rawPax({ path: "safe\0/../evil" }), member),
    code: "TAR_INVALID",
  },
  {
    name: "a link target with a NUL",
    archive: rawTar(rawPax({ linkpath: "a\0b" }), rawMember({ name: "l", type: "2" })),
    code: "TAR_INVALID",
  },
  {
    name: "a path that is too long",
    archive: rawTar(rawPax({ path: "p".repeat(101) }), member),
    code: "LIMIT_EXCEEDED",
    limits: { maxPathBytes: 100 },
  },
  {
    name: "a GNU path that is too long",
    archive: rawTar(rawMember({ type: "L" }, "p".repeat(101)), member),
    code: "LIMIT_EXCEEDED",
    limits: { maxPathBytes: 100 },
  },
  {
    name: "too many members",
    archive: rawTar(member, member, member),
    code: "LIMIT_EXCEEDED",
    offset: 2048,
    limits: { maxEntries: 2 },
  },
  {
    name: "too many members that are skipped",
    archive: rawTar(...Array.from({ length: 3 }, () => rawMember({ name: "l", type: "V" }))),
    code: "LIMIT_EXCEEDED",
    limits: { maxEntries: 2 },
  },
  {
    name: "too much content",
    archive: rawTar(member, member),
    code: "LIMIT_EXCEEDED",
    limits: { maxBytes: 2000 },
  },
  {
    name: "a size that is too large, before its content is read",
    archive: rawHeader({ name: "n", size: 5000 }),
    code: "LIMIT_EXCEEDED",
    limits: { maxBytes: 4999 },
  },
  {
    name: "too much after the trailer",
    archive: Buffer.concat([RAW_TRAILER, Buffer.alloc(4096)]),
    code: "LIMIT_EXCEEDED",
    limits: { maxBytes: 4096 },
  },
  {
    name: "too many extended attributes",
    archive: rawTar(rawPax({ "SCHILY.xattr.user.a": "v".repeat(100) }), member),
    code: "LIMIT_EXCEEDED",
    limits: { maxXattrBytes: 100 },
  },
  {
    name: "a part of a volume set",
    archive: rawTar(rawMember({ name: "n", type: "M" }, "text")),
    code: "TAR_UNSUPPORTED",
  },
];

for (const attack of ATTACKS) {
  test(`${attack.name}: ${attack.code}`, async () => {
    for (const chunk of [attack.archive.length, 1000, 100]) {
      const error = await failure(attack.archive, chunk, attack.limits);
      assert.equal(error.code, attack.code, error.message);
      assert.ok(error.advice !== undefined || attack.code === "TAR_INVALID");
      if (attack.offset !== undefined) assert.equal(error.fields["offset"], attack.offset);
    }
  });
}

async function failure(
  archive: Buffer,
  chunkSize: number,
  limits: Partial<Limits> = {},
): Promise<ArchiveError> {
  try {
    for await (const { content } of readTar(chunked(archive, chunkSize), { limits })) {
      await collect(content(), { limit: 2 ** 20 });
    }
  } catch (error) {
    if (error instanceof ArchiveError) return error;
    throw error;
  }
  return assert.fail("it was read without a fault");
}

async function* chunked(bytes: Buffer, size: number): ByteStream {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* endless(): ByteStream {
  for (;;) yield member;
}

test("members before a fault are given before it is thrown", async () => {
  const names: string[] = [];
  const archive = rawTar(member, rawMember({ name: "second" }), rawMember({ name: "n", checksum: "wrong" }));
  await assert.rejects(async () => {
    for await (const { path } of readTar(fromBytes(archive))) names.push(path);
  }, ArchiveError);
  assert.deepEqual(names, ["n", "second"]);
});

test("a content asked for twice, or after the next member, is CONTENT_PASSED", async () => {
  const large = rawMember({ name: "large" }, "x".repeat(5000));
  const passed: (() => ByteStream)[] = [];
  for await (const { content } of readTar(chunked(rawTar(large, large), 1000))) {
    for (const earlier of passed) {
      await assert.rejects(collect(earlier(), { limit: 9999 }), { code: "CONTENT_PASSED" });
    }
    if (passed.length === 0) await collect(content(), { limit: 9999 });
    await (passed.length === 0
      ? assert.rejects(collect(content(), { limit: 9999 }), { code: "CONTENT_PASSED" })
      : undefined);
    passed.push(content);
  }
  assert.equal(passed.length, 2);
});

test("a content read in part is skipped for the rest", async () => {
  const archive = rawTar(rawMember({ name: "a" }, "x".repeat(5000)), rawMember({ name: "b" }, "y"));
  const names: string[] = [];
  for await (const { path, content } of readTar(chunked(archive, 700))) {
    names.push(path);
    for await (const _ of content()) break;
  }
  assert.deepEqual(names, ["a", "b"]);
});

test("leaving the loop closes the stream", async () => {
  let isClosed = false;
  async function* stream(): ByteStream {
    try {
      for (;;) yield member;
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of readTar(stream())) break;
  assert.ok(isClosed);
});

test("a signal stops the reading", async () => {
  const abort = new AbortController();
  await assert.rejects(
    async () => {
      for await (const _ of readTar(endless(), { signal: abort.signal })) abort.abort();
    },
    { name: "AbortError" },
  );
});
