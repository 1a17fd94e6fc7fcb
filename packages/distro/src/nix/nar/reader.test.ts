import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ByteStream, collect, fromBytes, unpackTar, writeTar } from "@cooper/archive";
import { piecesOf, requireProgram, run, temporaryDirectory } from "@cooper/test";
import { archive, directoryNode, fileNode, symlinkNode, word, words } from "./nar.fixture.ts";
import { narMembers } from "./members.ts";
import { readNar, type ReadNarOptions } from "./reader.ts";

const EMPTY = fileNode("");

function pieces(bytes: Buffer, length: number): ByteStream {
  return fromBytes(...piecesOf(bytes, [length]));
}

/** Reads every entry and its content; gives a line for each, or what is wrong. */
async function reading(bytes: Buffer, options: Partial<ReadNarOptions> = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const entry of readNar(fromBytes(bytes), { subject: "a-1", size: bytes.length, ...options })) {
    const content = await collect(entry.content(), { limit: 2 ** 20 });
    lines.push(
      `${entry.type}${entry.isExecutable ? "*" : ""} ${entry.path} ${entry.target}${content.toString()}`,
    );
  }
  return lines;
}

async function refusal(bytes: Buffer, options: Partial<ReadNarOptions> = {}): Promise<string> {
  try {
    await reading(bytes, options);
    return "read";
  } catch (error) {
    assert.ok(error instanceof Error && "code" in error && error.code === "PACKAGE_INVALID", String(error));
    return error.message.replace(/^the archive of a-1, byte \d+: /, "");
  }
}

/** The NAR of a directory as Nix itself writes it; undefined, and a loud skip, where Nix is missing. */
async function dumped(t: TestContext, directory: string): Promise<Buffer | undefined> {
  const nix = requireProgram(t, "nix-store", "nix-bin");
  if (nix === undefined) return undefined;
  const file = join(temporaryDirectory(t), "nar");
  await run("sh", ["-c", 'exec "$0" --dump "$1" > "$2"', nix, directory, file]);
  return readFileSync(file);
}

/** A tree with all there is in a store: empty files, long ones, programs, links, odd names. */
function makeTree(t: TestContext): string {
  const tree = join(temporaryDirectory(t), "tree");
  mkdirSync(join(tree, "bin/deep/er"), { recursive: true });
  mkdirSync(join(tree, "empty"));
  writeFileSync(join(tree, "bin/run"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(tree, "bin/deep/er/nothing"), "");
  writeFileSync(join(tree, "bin-2"), "sorts before bin/deep by path, after bin by name");
  writeFileSync(join(tree, "large"), Buffer.alloc(3 * 2 ** 20 + 5, "abc"));
  writeFileSync(join(tree, "Ümlaut ☃"), "u");
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/latin-`), Buffer.from([0xe9])]), "l");
  symlinkSync("../bin/run", join(tree, "empty/link"));
  symlinkSync("/nowhere/at/all", join(tree, "absolute"));
  for (const eight of ["1", "12345678", "123456789"]) writeFileSync(join(tree, eight), eight);
  return tree;
}

test("what Nix archives is read: files, programs, links, and names of any bytes", async (t) => {
  const nar = await dumped(t, makeTree(t));
  if (nar === undefined) return;
  const lines: string[] = [];
  const stream = pieces(nar, 4099);
  for await (const entry of readNar(stream, { subject: "tree", size: nar.length })) {
    lines.push(`${entry.type}${entry.isExecutable ? "*" : ""} ${entry.path} ${entry.size}${entry.target}`);
  }
  assert.deepEqual(lines, [
    "directory  0",
    "file 1 1",
    "file 12345678 8",
    "file 123456789 9",
    "symlink absolute 0/nowhere/at/all",
    "directory bin 0",
    "directory bin/deep 0",
    "directory bin/deep/er 0",
    "file bin/deep/er/nothing 0",
    "file* bin/run 10",
    "file bin-2 48",
    "directory empty 0",
    "symlink empty/link 0../bin/run",
    `file large ${3 * 2 ** 20 + 5}`,
    "file latin-\udce9 1",
    "file Ümlaut ☃ 1",
  ]);
});

test("unpacked by way of a tar, an archive is what Nix restores: its hash is the same again", async (t) => {
  const nar = await dumped(t, makeTree(t));
  if (nar === undefined) return;
  const out = join(temporaryDirectory(t), "out");
  const options = { subject: "tree", size: nar.length };
  await unpackTar(writeTar(narMembers(pieces(nar, 70_001), "/nix/store/tree", options)), out, {
    whiteouts: "keep",
  });
  assert.ok((await dumped(t, join(out, "nix/store/tree")))?.equals(nar));
});

test("a member has a store's mode, time and owner", async () => {
  const program = words("(", "type", "regular", "executable", "", "contents", "x", ")");
  const nar = archive(directoryNode(["f", EMPTY], ["p", program], ["s", symlinkNode("f")]));
  const found: unknown[] = [];
  for await (const { path, mode, mtime, uid } of narMembers(fromBytes(nar), "/nix/store/a-1", {
    subject: "a-1",
    size: nar.length,
  })) {
    found.push([path, mode?.toString(8), mtime?.seconds, uid]);
  }
  assert.deepEqual(found, [
    ["nix", "755", 1, undefined],
    ["nix/store", "755", 1, undefined],
    ["nix/store/a-1", "555", 1, undefined],
    ["nix/store/a-1/f", "444", 1, undefined],
    ["nix/store/a-1/p", "555", 1, undefined],
    ["nix/store/a-1/s", "777", 1, undefined],
  ]);
});

test("a store path may be one file or one link", async () => {
  assert.deepEqual(await reading(archive(fileNode("text"))), ["file  text"]);
  assert.deepEqual(await reading(archive(symlinkNode("t"))), ["symlink  t"]);
});

test("content that is not read is passed over, and cannot be read afterwards", async () => {
  const large = Buffer.alloc(2 ** 20, 1);
  const nar = archive(directoryNode(["a", fileNode(large)], ["b", fileNode("b")]));
  const passed: (() => AsyncIterable<Uint8Array>)[] = [];
  for await (const entry of readNar(pieces(nar, 1000), { subject: "a-1", size: nar.length })) {
    if (entry.path === "a") passed.push(entry.content);
  }
  for (const content of passed) await assert.rejects(collect(content(), { limit: 2 ** 21 }), /too late/);
});

test("a name that leaves its directory, or is none, is refused", async () => {
  for (const name of ["..", ".", "", "a/b", "../x", "/", "a\0b"]) {
    assert.match(await refusal(archive(directoryNode([name, EMPTY]))), /no name that may stand/, name);
  }
  const longest = "n".repeat(255);
  assert.equal(await refusal(archive(directoryNode([longest, EMPTY]))), "read");
  assert.match(await refusal(archive(directoryNode([`${longest}n`, EMPTY]))), /longer than 255/);
});

test("names that are not sorted by their bytes, or stand there twice, are refused", async () => {
  assert.match(await refusal(archive(directoryNode(["b", EMPTY], ["a", EMPTY]))), /"a" comes after "b"/);
  assert.match(await refusal(archive(directoryNode(["a", EMPTY], ["a", EMPTY]))), /"a" stands there twice/);
  // U+FF61 sorts before U+10000 by bytes, after it by UTF-16 units.
  assert.equal(await refusal(archive(directoryNode(["\uff61", EMPTY], ["\u{10000}", EMPTY]))), "read");
});

test("a symlink without a target, or with a NUL in it, is refused", async () => {
  assert.match(await refusal(archive(symlinkNode(""))), /target is empty or has a NUL/);
  assert.match(await refusal(archive(symlinkNode("a\0b"))), /target is empty or has a NUL/);
});

test("words are filled up with zeros, or the archive is refused", async () => {
  const nar = archive(fileNode("abc"));
  const at = nar.indexOf("abc") + 3;
  nar[at] = 1;
  assert.match(await refusal(nar), /not zero/);
});

test("an archive is refused wherever it is cut, and when something follows it", async () => {
  const nar = archive(directoryNode(["a", fileNode("abc")], ["d", directoryNode(["l", symlinkNode("t")])]));
  for (let length = 0; length < nar.length; length++) {
    assert.notEqual(await refusal(nar.subarray(0, length), { size: nar.length }), "read", `${length} bytes`);
    assert.notEqual(await refusal(nar.subarray(0, length)), "read", `${length} bytes`);
  }
  assert.match(await refusal(Buffer.concat([nar, word("")])), /something follows its end/);
});

test("a length that lies is refused before anything of that length is taken", async () => {
  const nar = archive(fileNode("abc"));
  const at = nar.indexOf("abc") - 8;
  nar.writeBigUInt64LE(2n ** 63n, at);
  assert.match(await refusal(nar), /more than the archive has/);
  nar.writeBigUInt64LE(2n ** 40n, at);
  assert.match(await refusal(nar), /more than the archive has/);
});

test("what is not in the grammar is refused", async () => {
  for (const bad of [
    word("nix-archive-2"),
    archive(words("(", "type", "device", ")")),
    archive(words("(", "type", "regular", ")")),
    archive(words("(", "type", "regular", "executable", "x", "contents", "", ")")),
    archive(words("(", "type", "regular", "contents", "", "contents", "", ")")),
    archive(words("(", "type", "directory", "type", "directory", ")")),
    archive(words("(", "type", "symlink", "target", "t", "target", "u", ")")),
  ]) {
    assert.match(await refusal(bad), / stands where .* is to be$|ends in the middle/);
  }
});

test("depth and number of entries are bounded", async () => {
  let node = EMPTY;
  for (let depth = 0; depth < 20; depth++) node = directoryNode(["d", node]);
  assert.equal(await refusal(archive(node), { limits: { maxNesting: 20 } }), "read");
  assert.match(await refusal(archive(node), { limits: { maxNesting: 19 } }), /more than 19 deep/);
  assert.match(await refusal(archive(node), { limits: { maxPathBytes: 10 } }), /longer than 10 bytes/);
  assert.match(await refusal(archive(node), { limits: { maxEntries: 5 } }), /more than 5 entries/);
});
