import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { piecesOf, requireRoot, sampleBytes, temporaryDirectory, watchedStream } from "@cooper/test";

import { writeFileAtomic, writeNewFile } from "./atomic-file.ts";
import { collect, fromBytes } from "./bytes.ts";
import { readFileStream } from "./file-stream.ts";

/** Which of this process's descriptors point into a directory. */
function openFilesIn(directory: string): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) ? [target] : [];
    } catch {
      return [];
    }
  });
}

test("a file is read whole, and any part of it", async (t) => {
  const path = join(temporaryDirectory(t), "file");
  const bytes = sampleBytes(3 * 2 ** 20 + 17);
  writeFileSync(path, bytes);
  const limit = bytes.length;
  assert.ok(bytes.equals(await collect(readFileStream(path), { limit })));
  assert.ok(bytes.equals(await collect(readFileStream(Buffer.from(path)), { limit })));
  const parts: readonly (readonly [number, number])[] = [
    [0, 0],
    [0, 1],
    [5, 2 ** 20],
    [2 ** 20 - 1, 2 ** 20 + 2],
    [limit - 1, 1],
    [limit, 0],
  ];
  for (const [offset, length] of parts) {
    const part = await collect(readFileStream(path, { offset, length }), { limit });
    assert.ok(part.equals(bytes.subarray(offset, offset + length)), `${offset}+${length}`);
  }
  assert.equal((await collect(readFileStream(path, { offset: limit + 9 }), { limit })).length, 0);
});

test("an empty file gives no bytes, and a file of /proc that claims to be empty gives its own", async (t) => {
  const path = join(temporaryDirectory(t), "file");
  writeFileSync(path, "");
  assert.equal((await collect(readFileStream(path), { limit: 0 })).length, 0);
  assert.match((await collect(readFileStream("/proc/self/status"), { limit: 99_999 })).toString(), /^Name:/);
});

test("a pipe is read to its end", async (t) => {
  const path = join(temporaryDirectory(t), "pipe");
  execFileSync("mkfifo", [path]);
  const reading = collect(readFileStream(path), { limit: 99 });
  writeFileSync(path, "through a pipe");
  assert.equal((await reading).toString(), "through a pipe");
});

test("a file that is shorter than the part asked for is truncated, not shorter", async (t) => {
  const path = join(temporaryDirectory(t), "file");
  writeFileSync(path, "12345");
  await assert.rejects(collect(readFileStream(path, { offset: 3, length: 3 }), { limit: 99 }), {
    code: "TRUNCATED",
  });
});

test("a missing file and a directory each have their error", async (t) => {
  const directory = temporaryDirectory(t);
  await assert.rejects(collect(readFileStream(join(directory, "none")), { limit: 9 }), {
    code: "FILE_MISSING",
  });
  await assert.rejects(collect(readFileStream(directory), { limit: 9 }), { code: "FILE_UNREADABLE" });
});

test("leaving a file early closes it", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  writeFileSync(path, sampleBytes(5 * 2 ** 20));
  for await (const _ of readFileStream(path)) {
    assert.equal(openFilesIn(directory).length, 1);
    break;
  }
  assert.deepEqual(openFilesIn(directory), []);
});

test("a signal stops the reading of a file and closes it", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  writeFileSync(path, sampleBytes(5 * 2 ** 20));
  const controller = new AbortController();
  await assert.rejects(
    async () => {
      for await (const _ of readFileStream(path, { signal: controller.signal })) controller.abort();
    },
    { name: "AbortError" },
  );
  assert.deepEqual(openFilesIn(directory), []);
});

test("a file is written whole, with the mode asked for whatever the umask, over one that is there", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  writeFileSync(path, "old");
  const bytes = sampleBytes(700_000);
  function* small(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 333) yield bytes.subarray(at, at + 333);
  }
  const umask = process.umask(0o077);
  try {
    assert.equal(await writeFileAtomic(path, watchedStream(small()), { mode: 0o664 }), bytes.length);
  } finally {
    process.umask(umask);
  }
  assert.ok(bytes.equals(readFileSync(path)));
  assert.equal(statSync(path).mode & 0o7777, 0o664);
  assert.deepEqual(readdirSync(directory), ["file"]);
});

test("a stream that fails leaves what was there, and no temporary", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  writeFileSync(path, "old");
  const failure = new Error("the wire broke");
  await assert.rejects(writeFileAtomic(path, watchedStream([sampleBytes(600_000)], failure)), failure);
  assert.equal(readFileSync(path, "utf8"), "old");
  assert.deepEqual(readdirSync(directory), ["file"]);
  assert.deepEqual(openFilesIn(directory), []);
});

test("a new file is written whole or not at all, and never over one that is there", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  const bytes = sampleBytes(700_000);
  const failure = new Error("the wire broke");
  await assert.rejects(writeNewFile(path, watchedStream([bytes], failure)), failure);
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(await writeNewFile(path, fromBytes(bytes)), bytes.length);
  await assert.rejects(writeNewFile(path, fromBytes("late")), { code: "FILE_UNWRITABLE" });
  assert.ok(bytes.equals(readFileSync(path)));
  assert.deepEqual(openFilesIn(directory), []);
});

test("a signal stops the writing of a file and leaves nothing", async (t) => {
  const directory = temporaryDirectory(t);
  const controller = new AbortController();
  function* chunks(): Generator<Uint8Array> {
    yield sampleBytes(300_000);
    controller.abort();
    yield sampleBytes(300_000);
  }
  const source = watchedStream(chunks());
  await assert.rejects(writeFileAtomic(join(directory, "file"), source, { signal: controller.signal }), {
    name: "AbortError",
  });
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(source.state.closed, true);
});

test("writing into a directory that is not there, and over a directory, each has its error", async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, "taken"));
  await assert.rejects(writeFileAtomic(join(directory, "none", "file"), fromBytes("a")), {
    code: "FILE_MISSING",
  });
  await assert.rejects(writeFileAtomic(join(directory, "taken"), fromBytes("a")), {
    code: "FILE_UNWRITABLE",
  });
  assert.deepEqual(readdirSync(directory), ["taken"]);
});

test("a full disk is a clear error, closes the source and leaves nothing", async (t) => {
  if (!requireRoot(t)) return;
  const directory = temporaryDirectory(t);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", directory], { stdio: "pipe" });
  } catch {
    t.skip("SKIPPED: this test needs to mount a tmpfs");
    return;
  }
  try {
    const source = watchedStream(piecesOf(sampleBytes(8 * 2 ** 20), [100_000]));
    await assert.rejects(writeFileAtomic(join(directory, "file"), source), { code: "DISK_FULL" });
    assert.equal(source.state.closed, true);
    assert.deepEqual(readdirSync(directory), []);
  } finally {
    execFileSync("umount", [directory]);
  }
});
