import assert from "node:assert/strict";
import { test } from "node:test";

import { rawHeader, rawMember, rawPax, rawPaxRecord, rawTar } from "@cooper/test";

import { collect, fromBytes } from "../bytes.ts";
import { encodePath } from "./path.ts";
import { readTar, type ReadTarOptions } from "./reader.ts";
import type { TarMember } from "./member.ts";

type Read = TarMember & { readonly text: string };

/** All members with their content, read in one chunk and again byte by byte: both must agree. */
async function read(archive: Buffer, options?: ReadTarOptions): Promise<readonly Read[]> {
  const whole = await readChunks([archive], options);
  const bytewise = await readChunks(
    Array.from(archive, (byte) => Buffer.of(byte)),
    options,
  );
  assert.deepEqual(bytewise.map(comparable), whole.map(comparable));
  return whole;
}

async function readChunks(chunks: readonly Buffer[], options?: ReadTarOptions): Promise<readonly Read[]> {
  const members: Read[] = [];
  for await (const member of readTar(fromBytes(...chunks), options)) {
    const text = (await collect(member.content(), { limit: 2 ** 20 })).toString("latin1");
    members.push({ ...member, text });
  }
  return members;
}

function comparable({ bytes: _bytes, content: _content, stored: _stored, ...rest }: Read): unknown {
  return JSON.parse(JSON.stringify({ ...rest, pending: undefined }));
}

async function readOne(...members: readonly Buffer[]): Promise<Read> {
  const [member, ...others] = await read(rawTar(...members));
  assert.deepEqual(others, []);
  assert.ok(member !== undefined);
  return member;
}

const octalMode = "0000644\0";

test("a type flag of NUL is a regular file", async () => {
  const member = await readOne(rawMember({ name: "old", type: "\0", magic: "\0\0\0\0\0\0\0\0" }, "text"));
  assert.equal(member.type, "file");
  assert.equal(member.text, "text");
});

test("a v7 name that ends in a slash is a directory", async () => {
  const magic = "\0\0\0\0\0\0\0\0";
  assert.equal((await readOne(rawMember({ name: "dir/", type: "\0", magic }))).type, "directory");
  assert.equal((await readOne(rawMember({ name: "dir/", type: "0", magic }))).type, "directory");
  assert.equal((await readOne(rawMember({ name: "dir/", type: "\0" }))).path, "dir");
});

test("a ustar file whose name ends in a slash is still a file, as for Docker", async () => {
  const member = await readOne(rawMember({ name: "file/", type: "0" }, "x"));
  assert.deepEqual([member.path, member.type, member.text], ["file", "file", "x"]);
});

test("a contiguous file (type 7) and a type that nobody knows are files", async () => {
  for (const type of ["7", "?", "Z"]) {
    const member = await readOne(rawMember({ name: "f", type }, "text"));
    assert.deepEqual([member.type, member.text], ["file", "text"]);
  }
});

test("a volume label and Solaris access control lists are skipped with what they hold", async () => {
  for (const type of ["V", "A", "E", "I", "N"]) {
    const member = await readOne(rawMember({ name: "skip me", type }, "text"), rawMember({ name: "f" }, "x"));
    assert.equal(member.path, "f");
  }
});

test("a directory of GNU tar --incremental is a directory, its list of names no content", async () => {
  const member = await readOne(rawMember({ name: "d/", type: "D" }, "Yfile\0\0"));
  assert.deepEqual([member.path, member.type, member.size, member.text], ["d", "directory", 0, ""]);
});

test("the paths ., ./ and ./a stay as they are but for the slash at the end", async () => {
  const members = await read(
    rawTar(
      rawMember({ name: ".", type: "5" }),
      rawMember({ name: "./", type: "5" }),
      rawMember({ name: "./a//", type: "5" }),
      rawMember({ name: "/", type: "5" }),
    ),
  );
  assert.deepEqual(
    members.map(({ path }) => path),
    [".", ".", "./a", "/"],
  );
});

test("a stream of no bytes is an archive of no members", async () => {
  assert.deepEqual(await read(Buffer.alloc(0)), []);
});

test("an archive without a trailer, or with one block or half a block of it, is whole", async () => {
  for (const trailer of [0, 256, 512, 1024]) {
    const archive = Buffer.concat([rawMember({ name: "a" }, "text"), Buffer.alloc(trailer)]);
    assert.deepEqual(
      (await read(archive)).map(({ text }) => text),
      ["text"],
    );
  }
});

test("what follows the trailer is read to its end but gives no members", async () => {
  let passed = 0;
  async function* counted(): AsyncIterable<Uint8Array> {
    for (const chunk of [rawTar(rawMember({ name: "a" })), Buffer.from("rubbish"), Buffer.alloc(5000, 1)]) {
      passed += chunk.length;
      yield chunk;
    }
  }
  const names: string[] = [];
  for await (const { path } of readTar(counted())) names.push(path);
  assert.deepEqual(names, ["a"]);
  assert.equal(passed, 1536 + 7 + 5000);
});

test("archives one after another are one on request, and global records end with theirs", async () => {
  const first = rawTar(rawPax({ uid: "7" }, "g"), rawMember({ name: "a" }, "1"));
  const archive = Buffer.concat([first, Buffer.alloc(4096), rawTar(rawMember({ name: "b" }, "2"))]);
  assert.equal((await read(archive)).length, 1);
  const members = await read(archive, { concatenated: "read" });
  assert.deepEqual(
    members.map(({ path, uid, text }) => [path, uid, text]),
    [
      ["a", 7, "1"],
      ["b", 0, "2"],
    ],
  );
});

test("a checksum that sums signed bytes is right too", async () => {
  const member = await readOne(rawMember({ name: "caf\xe9", checksum: "signed" }, "x"));
  assert.deepEqual(encodePath(member.path), Buffer.from("caf\xe9", "latin1"));
});

test("names that are not UTF-8 keep their bytes, in headers, long names and PAX records", async () => {
  for (const bytes of ["\xff", "caf\xe9", "\xed\xa0\x80", "\xc3", "a\x80b\xf5", "\xc3\xa9\xff"]) {
    const expected = Buffer.from(bytes, "latin1");
    const plain = await readOne(rawMember({ name: bytes }));
    const long = await readOne(
      rawMember({ name: "././@LongLink", type: "L" }, `${bytes}\0`),
      rawMember({ name: "x" }),
    );
    const pax = await readOne(rawPax({ path: bytes, hdrcharset: "BINARY" }), rawMember({ name: "x" }));
    for (const { path } of [plain, long, pax]) assert.deepEqual(encodePath(path), expected);
  }
});

test("a ustar prefix and name join with a slash, and both may fill their field", async () => {
  const prefix = "p".repeat(155);
  const name = "n".repeat(100);
  assert.equal((await readOne(rawMember({ name, prefix }))).path, `${prefix}/${name}`);
});

test("GNU's dialect has times, not a prefix, after the device numbers", async () => {
  const member = await readOne(rawMember({ name: "a", magic: "ustar  \0", prefix: "14000000000\0" }));
  assert.equal(member.path, "a");
});

test("star's prefix ends where its times begin", async () => {
  const prefix = `${"p".repeat(130)}\u0000${"00000000001\0".repeat(2)}`.padEnd(163, "\0") + "tar\0";
  assert.equal((await readOne(rawMember({ name: "a", prefix }))).path, `${"p".repeat(130)}/a`);
});

test("a PAX path wins over the header's prefix, and GNU's long name over both", async () => {
  const pax = rawPax({ path: "from-pax" });
  assert.equal((await readOne(pax, rawMember({ name: "n", prefix: "p" }))).path, "from-pax");
  const long = rawMember({ name: "././@LongLink", type: "L" }, "from-long\0rest");
  assert.equal((await readOne(long, pax, rawMember({ name: "n" }))).path, "from-long");
});

test("GNU's long link target and PAX linkpath reach links alone", async () => {
  const target = "t".repeat(300);
  const long = rawMember({ name: "././@LongLink", type: "K" }, `${target}\0`);
  assert.equal((await readOne(long, rawMember({ name: "l", type: "2", link: "short" }))).linkPath, target);
  assert.equal(
    (await readOne(rawPax({ linkpath: target }), rawMember({ name: "l", type: "1" }))).linkPath,
    target,
  );
  assert.equal((await readOne(rawPax({ linkpath: target }), rawMember({ name: "f" }))).linkPath, "");
});

test("numbers in base 256 may be large, or negative", async () => {
  const size = Buffer.alloc(12);
  size[0] = 0x80;
  size[11] = 4;
  const mtime = Buffer.alloc(12, 0xff);
  mtime[11] = 0xfe;
  const uid = Buffer.from([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe]);
  const header = {
    size: size.toString("latin1"),
    mtime: mtime.toString("latin1"),
    uid: uid.toString("latin1"),
  };
  const member = await readOne(rawMember({ name: "n", ...header }, "text"));
  assert.deepEqual([member.size, member.mtime.seconds, member.uid], [4, -2, 4294967294]);
});

test("octal numbers may be led by spaces, end in a space, or fill their field", async () => {
  const member = await readOne(
    rawMember(
      { name: "n", mode: "   755 \0", uid: "12345670", gid: "        ", size: "000000000004" },
      "text",
    ),
  );
  assert.deepEqual([member.mode, member.uid, member.gid, member.size], [0o755, 0o12345670, 0, 4]);
});

test("the bits of a mode that tell the type are dropped", async () => {
  assert.equal((await readOne(rawMember({ name: "n", mode: "0104755\0" }))).mode, 0o4755);
});

test("times are exact: nanoseconds, before 1970, finer than can be kept", async () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ["1700000000.123456789", 1700000000, 123456789],
    ["1700000000.1", 1700000000, 100000000],
    ["1700000000.", 1700000000, 0],
    ["1700000000.9999999999", 1700000000, 999999999],
    ["-1.5", -2, 500000000],
    ["-0.000000001", -1, 999999999],
    ["-0.0000000001", -1, 999999999],
    ["-0.9999999999", -1, 0],
    ["-1", -1, 0],
    ["-0", 0, 0],
  ];
  for (const [mtime, seconds, nanoseconds] of cases) {
    const member = await readOne(rawPax({ mtime }), rawMember({ name: "n" }));
    assert.deepEqual(member.mtime, { seconds, nanoseconds }, mtime);
  }
});

test("an owner's PAX number may be negative", async () => {
  assert.equal((await readOne(rawPax({ uid: "-2" }), rawMember({ name: "n" }))).uid, -2);
});

test("global records hold for all that follow, until changed, deleted or overruled", async () => {
  const members = await read(
    rawTar(
      rawPax({ uid: "5", gid: "6", comment: "all" }, "g"),
      rawMember({ name: "a" }),
      rawPax({ uid: "9", gid: "" }),
      rawMember({ name: "b", uid: 1, gid: 2 }),
      rawPax({ gid: "" }, "g"),
      rawMember({ name: "c", uid: 1, gid: 2 }),
    ),
  );
  assert.deepEqual(
    members.map(({ path, uid, gid }) => [path, uid, gid]),
    [
      ["a", 5, 6],
      ["b", 9, 2],
      ["c", 5, 2],
    ],
  );
  assert.equal(members[2]?.records.get("comment")?.toString(), "all");
});

test("an empty local record lets the plain header speak", async () => {
  assert.equal((await readOne(rawPax({ path: "" }), rawMember({ name: "plain" }))).path, "plain");
});

test("a global header between an extended header and its member does not part them", async () => {
  const member = await readOne(rawPax({ path: "long" }), rawPax({ uid: "3" }, "g"), rawMember({ name: "n" }));
  assert.deepEqual([member.path, member.uid], ["long", 3]);
});

test("a record may hold equals signs, newlines and NULs in its value", async () => {
  const value = "a=b\n12 c=d\n\0";
  const body = rawPaxRecord("VENDOR.key", value) + rawPaxRecord("path", "a=b\nc");
  const member = await readOne(rawMember({ name: "x", type: "x" }, body), rawMember({ name: "n" }));
  assert.equal(Buffer.from(member.records.get("VENDOR.key") ?? []).toString("latin1"), value);
  assert.equal(member.path, "a=b\nc");
});

test("a record's length counts its own digits, at 9, 10, 99, 100 and 1000", async () => {
  for (const length of [1, 2, 3, 4, 89, 90, 91, 92, 988, 989, 990, 991]) {
    const member = await readOne(rawPax({ k: "v".repeat(length) }), rawMember({ name: "n" }));
    assert.equal(member.records.get("k")?.length, length);
  }
});

test("extended attributes are binary, in Schily's and in libarchive's spelling", async () => {
  const capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\n=";
  const value = Buffer.from(capability, "latin1");
  const schily = await readOne(
    rawPax({ "SCHILY.xattr.security.capability": capability }),
    rawMember({ name: "n" }),
  );
  assert.deepEqual(Buffer.from(schily.xattrs.get("security.capability") ?? []), value);
  const libarchive = await readOne(
    rawPax({ "LIBARCHIVE.xattr.user.a%20b%3D%C3%A9": value.toString("base64").replaceAll("=", "") }),
    rawMember({ name: "n" }),
  );
  assert.deepEqual(Buffer.from(libarchive.xattrs.get("user.a b=é") ?? []), value);
});

test("an extended attribute may be empty, and its name hold = and %", async () => {
  const pax = rawPax({ "SCHILY.xattr.user.a%3Db%25c": "", "SCHILY.xattr.user.d": "" });
  const member = await readOne(pax, rawMember({ name: "n" }));
  assert.deepEqual([...member.xattrs.keys()], ["user.a=b%c", "user.d"]);
});

test("a link or a directory has no content though its header gives a size", async () => {
  for (const type of ["1", "2", "5", "6"]) {
    const members = await read(
      rawTar(rawHeader({ name: "l", type, link: "t", size: 4096 }), rawMember({ name: "after" })),
    );
    assert.deepEqual(
      members.map(({ path, size }) => [path, size]),
      [
        ["l", 0],
        ["after", 0],
      ],
    );
  }
});

test("device numbers are read for devices and ignored in others", async () => {
  const device = await readOne(rawMember({ name: "null", type: "3", major: 1, minor: 3 }));
  assert.deepEqual([device.type, device.deviceMajor, device.deviceMinor], ["character-device", 1, 3]);
  const file = await readOne(rawMember({ name: "n", major: "rubbish!", minor: "rubbish!", mode: octalMode }));
  assert.deepEqual([file.deviceMajor, file.deviceMinor], [0, 0]);
});

test("members with the same name are all given", async () => {
  const members = await read(rawTar(rawMember({ name: "a" }, "1"), rawMember({ name: "a" }, "2")));
  assert.deepEqual(
    members.map(({ text }) => text),
    ["1", "2"],
  );
});

test("a member tells where its first header and its content lie", async () => {
  const members = await read(
    rawTar(rawMember({ name: "a" }, "x"), rawPax({ path: "b" }), rawMember({ name: "n" }, "y")),
  );
  assert.deepEqual(
    members.map(({ headerOffset, contentOffset }) => [headerOffset, contentOffset]),
    [
      [0, 512],
      [1024, 2560],
    ],
  );
});
