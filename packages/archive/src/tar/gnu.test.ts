import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";

import { collect } from "../bytes.ts";
import { encodeHeader } from "./encode.ts";
import type { PathString, Timestamp } from "./entry.ts";
import { GNU_TAR_OPTIONS } from "./gnu.ts";
import { comparePaths, decodePath, encodePath } from "./path.ts";
import { type TarInput, writeTar } from "./writer.ts";

const LIMIT = { limit: 2 ** 26 };
const LENGTHS = [1, 98, 99, 100, 101, 154, 155, 156, 254, 255];

test("the bytes equal GNU tar's for a tree of nasty names with owners and times set to 0", async (t) => {
  const tar = requireProgram(t, "tar");
  if (tar === undefined) return;
  const root = nastyTree(t);
  const actual = await collect(writeTar(walk(root, { seconds: 0, nanoseconds: 0 })), LIMIT);
  assertSameArchive(actual, gnuTar(tar, root, GNU_TAR_OPTIONS, "C"));
  assertSameArchive(actual, gnuTar(tar, root, GNU_TAR_OPTIONS, "C.UTF-8"));
});

test("the bytes equal GNU tar's for a name, a directory and a target of each length near a limit", async (t) => {
  const tar = requireProgram(t, "tar");
  if (tar === undefined) return;
  const root = temporaryDirectory(t);
  for (const letter of ["x", "é", "\udcff"]) {
    for (const length of LENGTHS) {
      const name = letter.repeat(Math.floor(length / encodePath(letter).length));
      if (name === "") continue;
      const directory = `${length}${letter}`;
      mkdirSync(at(root, directory));
      writeFileSync(at(root, `${directory}/${name}`), name, "utf8");
      symlinkSync(encodePath(name), at(root, `${directory}/+symlink`));
      linkSync(at(root, `${directory}/${name}`), at(root, `${directory}/~hardlink`));
      mkdirSync(at(root, name), { recursive: true });
    }
  }
  const expected = gnuTar(tar, root, GNU_TAR_OPTIONS);
  const actual = await collect(writeTar(walk(root, { seconds: 0, nanoseconds: 0 })), LIMIT);
  assertSameArchive(actual, expected);
});

test("the bytes equal GNU tar's for times that are kept: fractions, before 1970, after 2242", async (t) => {
  const tar = requireProgram(t, "tar");
  if (tar === undefined) return;
  const root = temporaryDirectory(t);
  for (const [name, time] of Object.entries({
    whole: "@1700000000",
    fraction: "@1700000000.5",
    finest: "@1700000000.000000001",
    negative: "@-2",
    "negative-fraction": "@-1.5",
    "just-before": "@-0.000000001",
    "last-octal": "@8589934591",
    beyond: "@8589934592.25",
  })) {
    writeFileSync(join(root, name), name);
    execFileSync("touch", ["-d", time, join(root, name)]);
  }
  const options = GNU_TAR_OPTIONS.filter((option) => !option.startsWith("--mtime"));
  const expected = gnuTar(tar, root, options);
  const actual = await collect(writeTar(walk(root, "kept")), LIMIT);
  assertSameArchive(actual, expected);
});

test("the bytes equal GNU tar's for owners beyond what octal digits can say", async (t) => {
  const tar = requireProgram(t, "tar");
  if (tar === undefined || !requireRoot(t)) return;
  const root = temporaryDirectory(t);
  for (const id of [0, 1000, 2097151, 2097152, 4294967293]) {
    writeFileSync(join(root, `${id}`), "");
    chownSync(join(root, `${id}`), id, 4294967293 - id);
  }
  const options = GNU_TAR_OPTIONS.filter((option) => !/^--(owner|group)=/.test(option));
  const expected = gnuTar(tar, root, options);
  const actual = await collect(writeTar(walk(root, { seconds: 0, nanoseconds: 0 })), LIMIT);
  assertSameArchive(actual, expected);
});

test("the header of a file of 8 GiB equals GNU tar's", async (t) => {
  const tar = requireProgram(t, "tar");
  if (tar === undefined) return;
  const root = temporaryDirectory(t);
  for (const size of [2 ** 33 - 1, 2 ** 33, 2 ** 33 + 1]) {
    writeFileSync(join(root, "large"), "");
    truncateSync(join(root, "large"), size);
    const header = encodeHeader({ path: "large", type: "file", size });
    const command = `printf 'large\\0' | ${tar} -C . ${GNU_TAR_OPTIONS.map((o) => `'${o}'`).join(" ")} | head -c ${header.length}`;
    const { stdout } = await run(
      "sh",
      ["-c", `{ ${command}; } 2>/dev/null | od -An -v -tx1 | tr -d ' \\n'`],
      { cwd: root },
    );
    assert.equal(header.toString("hex"), stdout);
  }
});

test("the command in docs/tar.md gives the same bytes, with the options that are published", async (t) => {
  if (requireProgram(t, "tar") === undefined) return;
  const page = readFileSync(new URL("../../../../docs/tar.md", import.meta.url), "utf8");
  const command = /```sh\n(.*?)```/s.exec(page)?.[1] ?? "";
  const words = command.slice(command.indexOf("tar --create")).split(/[\s\\]+/);
  assert.deepEqual(words.slice(1, -2), GNU_TAR_OPTIONS);
  const root = nastyTree(t);
  const actual = await collect(writeTar(walk(root, { seconds: 0, nanoseconds: 0 })), LIMIT);
  assertSameArchive(actual, execFileSync("sh", ["-c", command], { cwd: root, maxBuffer: LIMIT.limit }));
});

function nastyTree(t: TestContext): string {
  const root = temporaryDirectory(t);
  const file = (path: PathString, content = path): void => writeFileSync(at(root, path), content, "utf8");
  const directory = (path: PathString): void => void mkdirSync(at(root, path), { recursive: true });
  directory("usr/bin");
  file("usr/bin/tool", "x".repeat(100_000));
  file("usr/empty", "");
  file("usr/512", "y".repeat(512));
  // The order: a slash sorts before all that could follow a name.
  directory("a/b");
  directory("a-b");
  directory("a.b");
  file("a/b/c");
  file("a-b/c");
  file("a.b/c");
  file("a0");
  // Names that a shell, a terminal or an option parser would trip over.
  for (const name of [
    " ",
    "a b",
    "a\nb",
    "a\tb",
    "\\",
    "\\n",
    "*",
    "-C",
    "--help",
    "'",
    '"',
    "\u0001",
    "\u007f",
  ]) {
    file(name);
  }
  for (const name of [
    "é",
    "e\u0301",
    "日本語",
    "😀",
    "\uffff",
    "\ue000",
    "\udcff\udcfe",
    "a\udc80b",
    "ä/ü",
  ]) {
    if (name.includes("/")) directory(name);
    else file(name);
  }
  // Long paths made of short names, to where a ustar prefix could be split and could not.
  for (const depth of [1, 2, 3, 5]) {
    const path = `long${depth}/${Array.from({ length: depth }, () => "d".repeat(60)).join("/")}`;
    directory(path);
    file(`${path}/${"f".repeat(99)}`);
    linkSync(at(root, `${path}/${"f".repeat(99)}`), at(root, `${path}/zlink`));
  }
  symlinkSync("usr/bin/tool", join(root, "symlink"));
  symlinkSync("../../outside/", join(root, "symlink-out"));
  symlinkSync("t".repeat(300), join(root, "symlink-long"));
  symlinkSync("é".repeat(40), join(root, "symlink-accent"));
  linkSync(join(root, "usr/bin/tool"), join(root, "usr/hardlink"));
  return root;
}

/** The tree as a directory packer would give it, in GNU tar's order. */
function* walk(root: string, mtime: Timestamp | "kept"): Iterable<TarInput> {
  const seen = new Map<bigint, PathString>();
  for (const path of paths(root)) {
    const file = at(root, path);
    const stat = lstatSync(file, { bigint: true });
    const first = stat.isDirectory() ? undefined : seen.get(stat.ino);
    seen.set(stat.ino, first ?? path);
    const entry = {
      path,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: mtime === "kept" ? timestamp(stat.mtimeNs) : mtime,
    };
    if (stat.isDirectory()) yield { ...entry, type: "directory" };
    else if (first !== undefined) yield { ...entry, type: "hardlink", linkPath: first };
    else if (stat.isSymbolicLink()) {
      yield { ...entry, type: "symlink", linkPath: decodePath(readlinkSync(file, { encoding: "buffer" })) };
    } else yield { ...entry, type: "file", content: () => readFileSync(file) };
  }
}

function paths(root: string): readonly PathString[] {
  const found: PathString[] = [];
  const visit = (directory: PathString): void => {
    for (const name of readdirSync(at(root, directory), { encoding: "buffer" })) {
      const path = directory === "" ? decodePath(name) : `${directory}/${decodePath(name)}`;
      found.push(path);
      if (lstatSync(at(root, path)).isDirectory()) visit(path);
    }
  };
  visit("");
  return found.toSorted(comparePaths);
}

function timestamp(nanoseconds: bigint): Timestamp {
  const part = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: Number((nanoseconds - part) / 1_000_000_000n), nanoseconds: Number(part) };
}

function at(root: string, path: PathString): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), encodePath(path)]);
}

/** As docs/tar.md tells to call it. */
function gnuTar(tar: string, root: string, options: readonly string[], locale = "C"): Buffer {
  const names = readdirSync(root, { encoding: "buffer" }).toSorted((a, b) => Buffer.compare(a, b));
  const input = Buffer.concat(names.flatMap((name) => [name, Buffer.of(0)]));
  const maxBuffer = LIMIT.limit;
  return execFileSync(tar, ["-C", root, ...options], {
    input,
    maxBuffer,
    env: { ...process.env, LC_ALL: locale },
  });
}

function assertSameArchive(actual: Buffer, expected: Buffer): void {
  for (let block = 0; block < Math.max(actual.length, expected.length); block += 512) {
    const here = actual.subarray(block, block + 512);
    const there = expected.subarray(block, block + 512);
    if (!here.equals(there)) {
      assert.equal(here.toString("latin1"), there.toString("latin1"), `the block at ${block}`);
    }
  }
}
