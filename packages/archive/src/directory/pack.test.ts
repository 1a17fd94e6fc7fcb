import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { listXattrs, makeNode, setTimes, setXattr } from "@cooper/sys";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";

import { collect, fromBytes } from "../bytes.ts";
import { readFileStream } from "../file-stream.ts";
import type { TarEntry } from "../tar/entry.ts";
import { GNU_TAR_OPTIONS } from "../tar/gnu.ts";
import { readTar } from "../tar/reader.ts";
import { packDirectory } from "./pack.ts";
import type { PackOptions } from "./pack-options.ts";
import { unpackTar } from "./unpack.ts";

const LIMIT = { limit: 2 ** 26 };
const ZERO = { seconds: 0, nanoseconds: 0 };

test("the bytes equal GNU tar's for files, directories, symlinks and hard links of any name", async (t) => {
  const tar = requireProgram(t, "tar");
  if (tar === undefined) return;
  const root = plainTree(t);
  const actual = await collect(
    packDirectory(root, { owner: { uid: 0, gid: 0 }, mtime: { set: ZERO }, xattrs: "drop" }),
    LIMIT,
  );
  const names = await run("sh", ["-c", "LC_ALL=C ls -A | LC_ALL=C sort | tr '\\n' '\\0' >../names"], {
    cwd: root,
  });
  assert.equal(names.stderr, "");
  await run("sh", ["-c", `exec "$0" "$@" <../names >../gnu.tar`, tar, ...GNU_TAR_OPTIONS], { cwd: root });
  await run("cmp", ["-", join(root, "..", "gnu.tar")], { input: actual });
});

test("two trees that were made in another order give the same bytes", async (t) => {
  const scratch = temporaryDirectory(t);
  const names = ["b", "a", "ä", "a-b", "a.c", "Z"];
  for (const [index, order] of [names, names.toReversed()].entries()) {
    for (const name of order) {
      mkdirSync(join(scratch, String(index), name, "d"), { recursive: true });
      writeFileSync(join(scratch, String(index), name, "f"), name);
    }
  }
  const [first, second] = await Promise.all(
    ["0", "1"].map((name) => pack(join(scratch, name), { mtime: { set: ZERO } })),
  );
  assert.ok(first !== undefined && second !== undefined && first.equals(second));
});

test("everything that root can make comes back the same from a round trip", async (t) => {
  if (!requireRoot(t)) return;
  const setcap = requireProgram(t, "setcap", "libcap2-bin");
  if (setcap === undefined) return;
  const root = await richTree(t, setcap);
  const first = await pack(root);
  const copy = join(root, "..", "copy");
  const old = process.umask(0o077);
  try {
    const summary = await unpackTar(fromBytes(first), copy, { whiteouts: "keep" });
    assert.deepEqual(summary, {
      entries: 17,
      files: 7,
      directories: 4,
      symlinks: 1,
      hardLinks: 1,
      nodes: 4,
      whiteouts: 0,
      bytes: 4_000_020,
    });
  } finally {
    process.umask(old);
  }
  assert.ok((await pack(copy)).equals(first));
  assert.equal(listXattrs(join(copy, "capable")).get("security.capability")?.length, 20);
  const { stdout } = await run("getcap", [join(copy, "capable")]);
  assert.match(stdout, /cap_net_raw=ep/);
});

test("GNU tar unpacks the same from it", async (t) => {
  if (!requireRoot(t)) return;
  const tar = requireProgram(t, "tar");
  const setcap = requireProgram(t, "setcap", "libcap2-bin");
  if (tar === undefined || setcap === undefined) return;
  const root = await richTree(t, setcap);
  const first = await pack(root);
  const copy = join(root, "..", "copy");
  mkdirSync(copy);
  await run(tar, ["-C", copy, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", "-"], {
    input: first,
  });
  assert.ok((await pack(copy)).equals(first));
});

test("an archive of GNU tar's is unpacked as GNU tar does, sparse files with their holes", async (t) => {
  const tar = requireProgram(t, "tar");
  if (tar === undefined) return;
  const root = plainTree(t);
  const sparse = openSync(join(root, "sparse"), "w");
  for (const position of [100_000, 3_000_000, 6_000_000]) writeSync(sparse, "data", position);
  closeSync(sparse);
  truncateSync(join(root, "sparse"), 9_000_000);
  const formats = [
    ["--format=gnu"],
    ["--format=posix", "--sparse-version=0.0"],
    ["--format=posix", "--sparse-version=0.1"],
    ["--format=posix", "--sparse-version=1.0"],
  ];
  const archive = join(root, "..", "sparse.tar");
  // Old GNU headers have no fractions of a second.
  const options: PackOptions = { mtime: { set: ZERO } };
  const expected = await pack(root, options);
  for (const [index, format] of formats.entries()) {
    await run(tar, ["-C", root, "--sparse", ...format, "-cf", archive, "."]);
    const copy = join(root, "..", `copy-${index}`);
    await unpackTar(readFileStream(archive), copy, { whiteouts: "keep" });
    assert.ok((await pack(copy, options)).equals(expected), format.join(" "));
    assert.ok(statSync(join(copy, "sparse")).blocks < 1000, "the holes are holes");
  }
});

test("a socket is left out, with a note", async (t) => {
  const root = temporaryDirectory(t);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(root, "socket"), resolve));
  t.after(() => server.close());
  writeFileSync(join(root, "file"), "");
  const notes: string[] = [];
  const paths = await pathsOf(root, { onNote: ({ kind, path }) => notes.push(`${kind} ${path}`) });
  assert.deepEqual(paths, ["file"]);
  assert.deepEqual(notes, ["socket-skipped socket"]);
});

test("a filter leaves out a member, and a directory with all that is in it", async (t) => {
  const root = plainTree(t);
  const asked: string[] = [];
  const filter = ({ path }: TarEntry): boolean => {
    asked.push(path);
    return path !== "sub" && path !== "hard-1";
  };
  const members: TarEntry[] = [];
  for await (const member of readTar(packDirectory(root, { filter }))) members.push(member);
  assert.ok(!asked.some((path) => path.startsWith("sub/")));
  // The content moves on to the next name of the same file.
  const second = members.find(({ path }) => path === "hard-2");
  assert.deepEqual([second?.type, second?.size], ["file", 4]);
});

test("a prefix puts all below it, with the directories that lead there", async (t) => {
  const root = temporaryDirectory(t);
  writeFileSync(join(root, "tool"), "");
  linkSync(join(root, "tool"), join(root, "zlink"));
  const options: PackOptions = {
    prefix: "/usr/./local/bin/",
    mtime: { set: { seconds: 5, nanoseconds: 0 } },
  };
  const members: TarEntry[] = [];
  for await (const member of readTar(packDirectory(root, options))) members.push(member);
  assert.deepEqual(
    members.map(({ path, type, linkPath }) => [path, type, linkPath]),
    [
      ["usr", "directory", ""],
      ["usr/local", "directory", ""],
      ["usr/local/bin", "directory", ""],
      ["usr/local/bin/tool", "file", ""],
      ["usr/local/bin/zlink", "hardlink", "usr/local/bin/tool"],
    ],
  );
  assert.ok(members.every(({ mtime }) => mtime.seconds === 5));
});

test("times are kept, set, or cut off at the latest one", async (t) => {
  const root = temporaryDirectory(t);
  for (const [name, seconds] of [
    ["old", 100],
    ["new", 300],
  ] as const) {
    writeFileSync(join(root, name), "");
    setTimes(join(root, name), { seconds, nanoseconds: 5 });
  }
  const times = async (mtime: PackOptions["mtime"]): Promise<number[][]> => {
    const found: number[][] = [];
    for await (const member of readTar(packDirectory(root, { mtime }))) {
      found.push([member.mtime.seconds, member.mtime.nanoseconds]);
    }
    return found;
  };
  assert.deepEqual(await times("keep"), [
    [300, 5],
    [100, 5],
  ]);
  assert.deepEqual(await times({ set: { seconds: 7, nanoseconds: 0 } }), [
    [7, 0],
    [7, 0],
  ]);
  assert.deepEqual(await times({ clamp: { seconds: 200, nanoseconds: 0 } }), [
    [200, 0],
    [100, 5],
  ]);
});

test("the directory itself is a member when asked for", async (t) => {
  const root = temporaryDirectory(t);
  writeFileSync(join(root, "f"), "");
  chmodSync(root, 0o1751);
  const members: TarEntry[] = [];
  for await (const member of readTar(packDirectory(root, { root: "include" }))) members.push(member);
  assert.deepEqual(
    members.map(({ path, type, mode }) => [path, type, mode]),
    [
      [".", "directory", 0o1751],
      ["f", "file", 0o644],
    ],
  );
  const copy = join(temporaryDirectory(t), "copy");
  await unpackTar(packDirectory(root, { root: "include" }), copy, { whiteouts: "keep" });
  assert.equal(statSync(copy).mode & 0o7777, 0o1751);
});

test("a file that grows, shrinks or is written to while it is read is an error", async (t) => {
  const root = temporaryDirectory(t);
  const path = join(root, "file");
  for (const change of [
    (): void => appendFileSync(path, "more"),
    (): void => truncateSync(path, 2_000_000),
    (): void => {
      const fd = openSync(path, "r+");
      writeSync(fd, "other", 0);
      closeSync(fd);
    },
  ]) {
    writeFileSync(path, Buffer.alloc(5_000_000));
    let chunks = 0;
    const packing = (async () => {
      for await (const _ of packDirectory(root)) if (chunks++ === 0) change();
    })();
    await assert.rejects(packing, { code: "FILE_CHANGED", name: "ArchiveError" });
  }
});

test("a file that is removed between listing and reading is an error", async (t) => {
  const root = temporaryDirectory(t);
  writeFileSync(join(root, "a"), "");
  writeFileSync(join(root, "b"), "");
  const filter = ({ path }: TarEntry): boolean => {
    if (path === "a") unlinkSync(join(root, "b"));
    return true;
  };
  await assert.rejects(pack(root, { filter }), { code: "FILE_CHANGED" });
});

test("a directory that is missing is an error with its path", async () => {
  await assert.rejects(pack("/nowhere/at/all"), { code: "FILE_MISSING", message: /\/nowhere\/at\/all/ });
});

test("packing stops when it is told to, also in the middle", async (t) => {
  const root = temporaryDirectory(t);
  writeFileSync(join(root, "file"), Buffer.alloc(20_000_000));
  const controller = new AbortController();
  let chunks = 0;
  const packing = (async () => {
    for await (const _ of packDirectory(root, { signal: controller.signal })) {
      if (chunks++ === 2) controller.abort(new Error("enough"));
    }
  })();
  await assert.rejects(packing, { message: "enough" });
  assert.equal(chunks, 3);
});

test("leaving early closes what is open", async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "a", "b", "c"), { recursive: true });
  writeFileSync(join(root, "a", "b", "c", "file"), Buffer.alloc(5_000_000));
  const script = `import { readdirSync } from "node:fs";
    import { packDirectory } from ${JSON.stringify(new URL("./pack.ts", import.meta.url).href)};
    const once = async () => { for await (const _ of packDirectory(process.argv[1])) break; };
    await once();
    const before = readdirSync("/proc/self/fd").length;
    await once();
    process.stdout.write(String(readdirSync("/proc/self/fd").length - before));`;
  const child = spawn(
    process.execPath,
    ["--conditions=@cooper/source", "--input-type=module", "-e", script, root],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let printed = "";
  for await (const chunk of child.stdout) printed += String(chunk);
  assert.equal(printed, "0");
});

async function pack(root: string, options: PackOptions = {}): Promise<Buffer> {
  return collect(packDirectory(root, options), LIMIT);
}

async function pathsOf(root: string, options: PackOptions): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of readTar(packDirectory(root, options))) paths.push(path);
  return paths;
}

/** Files, directories, symlinks and hard links, with names that are not UTF-8 or sort oddly. */
function plainTree(t: TestContext): string {
  const root = join(temporaryDirectory(t), "root");
  mkdirSync(join(root, "sub", "empty"), { recursive: true });
  mkdirSync(join(root, "sub-2"));
  mkdirSync(join(root, "sub.x"));
  for (const path of ["sub/file", "sub-2/file", "sub.x/file", "Ångström", "日本", "😀", "\uffff", "-dash"]) {
    writeFileSync(join(root, path), path.repeat(100));
  }
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x41])]), "bytes");
  writeFileSync(join(root, "l".repeat(200)), "long");
  mkdirSync(join(root, "d".repeat(150), "e".repeat(150)), { recursive: true });
  writeFileSync(join(root, "d".repeat(150), "e".repeat(150), "f"), Buffer.alloc(1_048_576 + 3, "x"));
  writeFileSync(join(root, "hard-1"), "hard");
  linkSync(join(root, "hard-1"), join(root, "hard-2"));
  linkSync(join(root, "hard-1"), join(root, "sub", "hard-3"));
  symlinkSync("sub/file", join(root, "symlink"));
  symlinkSync("/nowhere", join(root, "sub", "dangling"));
  symlinkSync("t".repeat(300), join(root, "long-target"));
  chmodSync(join(root, "sub/file"), 0o750);
  return root;
}

/** What only root can make, one of each. */
async function richTree(t: TestContext, setcap: string): Promise<string> {
  const root = join(temporaryDirectory(t), "root");
  mkdirSync(join(root, "sticky"), { recursive: true });
  mkdirSync(join(root, "read-only"));
  mkdirSync(join(root, "group"));
  mkdirSync(join(root, "read-only", "in"));
  const files = ["capable", "setuid", "attributes", "read-only/in/file"];
  for (const name of files) writeFileSync(join(root, name), "12345");
  writeFileSync(join(root, "group/large"), Buffer.alloc(4_000_000, "y"));
  writeFileSync(join(root, "empty"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xc3, 0x28])]), "");
  linkSync(join(root, "capable"), join(root, "zz-link"));
  symlinkSync("../else", join(root, "symlink"));
  makeNode(join(root, "null"), "character-device", 0o666, 1, 3);
  makeNode(join(root, "block"), "block-device", 0o660, 259, 70_000);
  makeNode(join(root, "zero-zero"), "character-device", 0o600, 0, 0);
  makeNode(join(root, "fifo"), "fifo", 0o622, 0, 0);
  for (const [name, owner] of [
    ["setuid", 1000],
    ["group", 70_000],
    ["empty", 3_000_000],
  ] as const) {
    chownSync(join(root, name), owner, owner + 1);
  }
  await run("chown", ["-h", "5:6", join(root, "symlink"), join(root, "null")]);
  setXattr(join(root, "attributes"), "user.binary", Buffer.from([0, 10, 61, 255]));
  setXattr(join(root, "attributes"), "trusted.mine", Buffer.from("t"));
  setXattr(join(root, "attributes"), "user.a=b%c", Buffer.from("odd name"));
  setXattr(join(root, "group"), "user.on-directory", Buffer.alloc(0));
  setXattr(join(root, "symlink"), "trusted.on-symlink", Buffer.from("s"));
  setXattr(join(root, "null"), "trusted.on-device", Buffer.from("d"));
  await run(setcap, ["cap_net_raw+ep", join(root, "capable")]);
  const modes = { setuid: 0o6711, sticky: 0o1777, group: 0o2750, "read-only/in": 0o111, "read-only": 0o555 };
  for (const [name, mode] of Object.entries(modes)) chmodSync(join(root, name), mode);
  const times = ["fifo", "null", "symlink", "setuid", "group/large", "group", "read-only/in", "sticky"];
  for (const [index, name] of times.entries()) {
    setTimes(join(root, name), { seconds: index * 1_000_000_000 - 1, nanoseconds: 999_999_999 - index });
  }
  return root;
}
