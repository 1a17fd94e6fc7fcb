import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { isFault, mount, unmount } from "@cooper/sys";
import { requireRoot, temporaryDirectory } from "@cooper/test";

import { type ByteStream, collect, fromBytes } from "../bytes.ts";
import { type TarInput, writeTar } from "../tar/writer.ts";
import { unpackTar } from "./unpack.ts";

const LIMIT = { limit: 2 ** 26 };
const file = (path: string, content = path): TarInput => ({
  path,
  type: "file",
  bytes: Buffer.from(content),
});

test("a full disk is an error that names the file", async (t) => {
  if (!requireRoot(t)) return;
  const scratch = temporaryDirectory(t);
  try {
    mount("tmpfs", scratch, "tmpfs", 0, "size=1m");
  } catch (error) {
    if (!isFault(error, "EPERM")) throw error;
    t.skip("SKIPPED: this root may not mount");
    return;
  }
  try {
    const large: TarInput = { path: "sub/large", type: "file", bytes: Buffer.alloc(4_000_000) };
    for (const stream of [writeTar([large]), inPieces(writeTar([large]), 100_000)]) {
      await assert.rejects(
        unpackTar(stream, join(scratch, "root"), { whiteouts: "apply" }),
        (error) => isFault(error, "DISK_FULL") && error.message.includes(join(scratch, "root/sub/large")),
      );
    }
  } finally {
    unmount(scratch);
  }
});

test("the last of several members with one path stays", async (t) => {
  const root = temporaryDirectory(t);
  const members: TarInput[] = [
    file("x", "first"),
    { path: "x", type: "directory" },
    file("x/in"),
    { path: "x", type: "symlink", linkPath: "y" },
    { path: "x", type: "fifo" },
    file("x", "last"),
    file("./x//", "very last"),
  ];
  const summary = await unpackTar(writeTar(members), root, { whiteouts: "apply" });
  assert.equal(readFileSync(join(root, "x"), "utf8"), "very last");
  assert.deepEqual(
    [summary.entries, summary.files, summary.directories, summary.symlinks, summary.nodes],
    [7, 4, 1, 1, 1],
  );
});

test("directories that are missing get mode 755 and 1970, whatever the umask", async (t) => {
  const root = temporaryDirectory(t);
  const old = process.umask(0o077);
  try {
    await unpackTar(writeTar([file("a/b/c")]), join(root, "new/root"), { whiteouts: "apply" });
  } finally {
    process.umask(old);
  }
  for (const path of ["", "a", "a/b"]) {
    const status = statSync(join(root, "new/root", path));
    assert.deepEqual([status.mode & 0o7777, status.mtimeMs], [0o755, 0], path);
  }
});

test("the same archive in pieces of any size gives the same", async (t) => {
  const scratch = temporaryDirectory(t);
  const content = Buffer.alloc(300_001, "content");
  const archive = await collect(
    writeTar([file("a"), { path: "b", type: "file", bytes: content }, file("d/e"), file("f", "")]),
    LIMIT,
  );
  for (const size of [1000, 4096, 1_000_000]) {
    const root = join(scratch, String(size));
    await unpackTar(inPieces(fromBytes(archive), size), root, { whiteouts: "apply" });
    assert.ok(readFileSync(join(root, "b")).equals(content));
    assert.equal(readFileSync(join(root, "d/e"), "utf8"), "d/e");
    assert.deepEqual(readdirSync(root).toSorted(), ["a", "b", "d", "f"]);
  }
});

test("unpacking stops when it is told to, also inside a file, and closes the stream", async (t) => {
  const root = temporaryDirectory(t);
  const controller = new AbortController();
  let isClosed = false;
  async function* stream(): ByteStream {
    try {
      let pieces = 0;
      const large: TarInput = { path: "large", type: "file", bytes: Buffer.alloc(20_000_000) };
      for await (const piece of inPieces(writeTar([file("first"), large]), 100_000)) {
        yield piece;
        if (pieces++ === 5) controller.abort(new Error("enough"));
      }
    } finally {
      isClosed = true;
    }
  }
  const options = { whiteouts: "apply", signal: controller.signal } as const;
  await assert.rejects(unpackTar(stream(), root, options), { message: "enough" });
  assert.ok(isClosed);
  assert.ok(statSync(join(root, "large")).size < 1_000_000);
});

test("a stream that is not wanted, since the directory cannot be made, is closed", async (t) => {
  const root = temporaryDirectory(t);
  writeFileSync(join(root, "file"), "");
  let isClosed = false;
  const stream: ByteStream = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error("it was read")),
      return: () => {
        isClosed = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  const unpacking = unpackTar(stream, join(root, "file", "x"), { whiteouts: "apply" });
  await assert.rejects(unpacking, { code: "FILE_MISSING", name: "ArchiveError" });
  assert.ok(isClosed);
});

test("what lies before damage is unpacked, and the damage reported", async (t) => {
  const root = temporaryDirectory(t);
  const archive = await collect(writeTar([file("a"), file("b"), file("c")]), LIMIT);
  archive[1024] = 0xff;
  await assert.rejects(unpackTar(fromBytes(archive), root, { whiteouts: "apply" }), { code: "TAR_INVALID" });
  assert.deepEqual(readdirSync(root), ["a"]);
});

test("no descriptor stays open, whether it ends well or not", async (t) => {
  const scratch = temporaryDirectory(t);
  const members: TarInput[] = [];
  for (let index = 0; index < 100; index++) members.push(file(`d${index}/e/f`), file(`d${index}`, "over"));
  const attempt = async (name: string, more: readonly TarInput[]): Promise<void> => {
    const lowers = [scratch];
    const options = { whiteouts: "overlay", lowers } as const;
    await unpackTar(writeTar([...members, ...more]), join(scratch, name), options).catch(() => {});
  };
  await attempt("warm-up", []);
  const before = readdirSync("/proc/self/fd").length;
  await attempt("good", []);
  await attempt("bad", [file("x"), file("x/y")]);
  assert.equal(readdirSync("/proc/self/fd").length, before);
});

test("more directories than are kept open at once are no problem", async (t) => {
  const root = temporaryDirectory(t);
  const members: TarInput[] = [];
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 300; index++) members.push(file(`d${index}/${round}`));
  }
  await unpackTar(writeTar(members), root, { whiteouts: "apply" });
  assert.deepEqual(readdirSync(join(root, "d299")), ["0", "1"]);
});

test("paths longer than Linux takes at once are unpacked by steps", async (t) => {
  const root = join(temporaryDirectory(t), "root");
  const deep = `${"d".repeat(200)}/`.repeat(30);
  await unpackTar(writeTar([file(`${deep}first`), file(`${deep}second`)]), root, { whiteouts: "apply" });
  mkdirSync(join(root, "marker"));
  let at = root;
  for (let depth = 0; depth < 15; depth++) at = join(at, "d".repeat(200));
  assert.deepEqual(readdirSync(at), ["d".repeat(200)]);
  // And go again, as a layer over it that deletes them.
  await unpackTar(writeTar([file(`.wh.${"d".repeat(200)}`)]), root, { whiteouts: "apply" });
  assert.deepEqual(readdirSync(root), ["marker"]);
});

/** The same bytes in other pieces, each with its own memory. */
async function* inPieces(stream: ByteStream, size: number): ByteStream {
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.byteLength; at += size) yield chunk.slice(at, at + size);
  }
}
