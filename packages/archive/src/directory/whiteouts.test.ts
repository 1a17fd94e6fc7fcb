import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { isFault, listXattrs, mount, setXattr, unmount } from "@cooper/sys";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";

import { collect } from "../bytes.ts";
import { readTar } from "../tar/reader.ts";
import { type TarInput, writeTar } from "../tar/writer.ts";
import { packDirectory } from "./pack.ts";
import { unpackTar } from "./unpack.ts";

const file = (path: string, content = path): TarInput => ({
  path,
  type: "file",
  bytes: Buffer.from(content),
});
const directory = (path: string): TarInput => ({ path, type: "directory" });
const symlink = (path: string, linkPath: string): TarInput => ({ path, type: "symlink", linkPath });
const whiteout = (path: string): TarInput => ({ path, type: "file" });

/** What the layer below has. */
const LOWER: readonly TarInput[] = [
  directory("a"),
  file("a/1", "lower"),
  file("a/2", "lower"),
  directory("a/sub"),
  file("a/sub/3", "lower"),
  directory("a/sub/deep"),
  file("a/sub/deep/4", "lower"),
  directory("b"),
  file("b/1", "lower"),
  file("f", "lower"),
  directory("usr"),
  directory("usr/lib"),
  file("usr/lib/1", "lower"),
  symlink("lib", "usr/lib"),
];

interface Case {
  readonly name: string;
  readonly members: readonly TarInput[];
  /** Every path afterwards; files with whose content. */
  readonly expected: readonly string[];
  /** Why a peer says otherwise, where it does. */
  readonly differs?: { readonly overlay?: string; readonly umoci?: string };
}

const A = ["a/", "a/1=lower", "a/2=lower", "a/sub/", "a/sub/3=lower", "a/sub/deep/", "a/sub/deep/4=lower"];
const B = ["b/", "b/1=lower"];
const F = ["f=lower"];
const LIB = ["lib@", "usr/", "usr/lib/", "usr/lib/1=lower"];

const CASES: readonly Case[] = [
  {
    name: "a whiteout deletes a file",
    members: [directory("a"), whiteout("a/.wh.1")],
    expected: [...A.filter((path) => path !== "a/1=lower"), ...B, ...F, ...LIB],
  },
  {
    name: "a whiteout deletes a directory with all that is in it",
    members: [whiteout(".wh.a")],
    expected: [...B, ...F, ...LIB],
  },
  {
    name: "a whiteout of what is not there changes nothing",
    members: [whiteout(".wh.nothing"), directory("b"), whiteout("b/.wh.nothing")],
    expected: [...A, ...B, ...F, ...LIB],
  },
  {
    name: "a whiteout before a file of the same name hides the lower one only",
    members: [whiteout(".wh.f"), file("f", "upper")],
    expected: [...A, ...B, "f=upper", ...LIB],
  },
  {
    name: "a whiteout after a file of the same name hides the lower one only",
    members: [file("f", "upper"), whiteout(".wh.f")],
    expected: [...A, ...B, "f=upper", ...LIB],
  },
  {
    name: "a whiteout before a directory of the same name hides what the lower one held",
    members: [whiteout(".wh.a"), directory("a"), file("a/new", "upper")],
    expected: ["a/", "a/new=upper", ...B, ...F, ...LIB],
  },
  {
    name: "a whiteout after a directory of the same name hides what the lower one held",
    members: [directory("a"), file("a/new", "upper"), whiteout(".wh.a")],
    expected: ["a/", "a/new=upper", ...B, ...F, ...LIB],
  },
  {
    name: "an opaque marker first hides what is below",
    members: [directory("a"), whiteout("a/.wh..wh..opq"), file("a/1", "upper"), file("a/new", "upper")],
    expected: ["a/", "a/1=upper", "a/new=upper", ...B, ...F, ...LIB],
  },
  {
    name: "an opaque marker in the middle hides what is below and nothing of its own layer",
    members: [directory("a"), file("a/1", "upper"), whiteout("a/.wh..wh..opq"), file("a/new", "upper")],
    expected: ["a/", "a/1=upper", "a/new=upper", ...B, ...F, ...LIB],
  },
  {
    name: "an opaque marker last hides what is below and nothing of its own layer",
    members: [
      directory("a"),
      file("a/1", "upper"),
      directory("a/sub"),
      file("a/sub/new", "upper"),
      whiteout("a/.wh..wh..opq"),
    ],
    expected: ["a/", "a/1=upper", "a/sub/", "a/sub/new=upper", ...B, ...F, ...LIB],
  },
  {
    name: "an opaque marker before its directory's own entry hides what is below",
    members: [whiteout("a/.wh..wh..opq"), directory("a"), file("a/new", "upper")],
    expected: ["a/", "a/new=upper", ...B, ...F, ...LIB],
  },
  {
    name: "an opaque marker reaches below directories that its own layer only presumes",
    members: [directory("a"), file("a/sub/deep/new", "upper"), whiteout("a/.wh..wh..opq")],
    expected: ["a/", "a/sub/", "a/sub/deep/", "a/sub/deep/new=upper", ...B, ...F, ...LIB],
  },
  {
    name: "a file replaces a directory, and a directory a file",
    members: [file("a", "upper"), directory("f"), file("f/new", "upper")],
    expected: ["a=upper", ...B, "f/", "f/new=upper", ...LIB],
  },
  {
    name: "a whiteout through a symlink of the layer below deletes where that leads",
    members: [whiteout("lib/.wh.1"), file("lib/2", "upper")],
    expected: [...A, ...B, ...F, "lib@", "usr/", "usr/lib/", "usr/lib/2=upper"],
  },
  {
    name: "aufs's own notes are left out",
    members: [
      whiteout(".wh..wh.aufs"),
      directory(".wh..wh.plnk"),
      file(".wh..wh.plnk/12.34"),
      file("f", "upper"),
    ],
    expected: [...A, ...B, "f=upper", ...LIB],
    differs: { umoci: "it unpacks what is in .wh..wh.plnk" },
  },
];

for (const { name, members, expected, differs } of CASES) {
  test(`${name} (applied)`, async (t) => {
    const root = temporaryDirectory(t);
    await unpackTar(writeTar(LOWER), root, { whiteouts: "apply" });
    await unpackTar(writeTar(members), root, { whiteouts: "apply" });
    assert.deepEqual(await listing(root), expected.toSorted());
  });

  test(`${name} (as Linux's overlayfs shows it)`, async (t) => {
    if (!requireRoot(t)) return;
    const scratch = temporaryDirectory(t);
    const lower = join(scratch, "lower");
    const upper = join(scratch, "upper");
    const merged = join(scratch, "merged");
    await unpackTar(writeTar(LOWER), lower, { whiteouts: "overlay" });
    await unpackTar(writeTar(members), upper, { whiteouts: "overlay", lowers: [lower] });
    mkdirSync(merged);
    try {
      mount("overlay", merged, "overlay", 0, `lowerdir=${upper}:${lower}`);
    } catch (error) {
      if (!isFault(error, "EPERM", "ENODEV", "EINVAL")) throw error;
      t.skip("SKIPPED: this root may not mount an overlay");
      return;
    }
    try {
      assert.deepEqual(await listing(merged), expected.toSorted());
    } finally {
      unmount(merged);
    }
  });

  test(`${name} (as umoci unpacks it)`, async (t) => {
    if (!requireRoot(t)) return;
    const umoci = requireProgram(t, "umoci");
    if (umoci === undefined) return;
    const scratch = temporaryDirectory(t);
    const image = join(scratch, "image");
    await run(umoci, ["init", "--layout", image]);
    await run(umoci, ["new", "--image", `${image}:x`]);
    for (const [index, layer] of [LOWER, members].entries()) {
      const path = join(scratch, `${index}.tar`);
      writeFileSync(path, await collect(writeTar(layer), { limit: 1e7 }));
      await run(umoci, ["raw", "add-layer", "--image", `${image}:x`, path]);
    }
    await run(umoci, ["unpack", "--image", `${image}:x`, join(scratch, "bundle")]);
    const actual = await listing(join(scratch, "bundle", "rootfs"));
    if (differs?.umoci === undefined) assert.deepEqual(actual, expected.toSorted());
    else assert.notDeepEqual(actual, expected.toSorted(), differs.umoci);
  });
}

test("whiteouts that are kept are files", async (t) => {
  const root = temporaryDirectory(t);
  await unpackTar(writeTar([file("f"), whiteout(".wh.f")]), root, { whiteouts: "keep" });
  assert.deepEqual(await listing(root), [".wh.f=", "f=f"]);
});

test("in overlay form a directory that is only presumed is as the layer below has it", async (t) => {
  if (!requireRoot(t)) return;
  const scratch = temporaryDirectory(t);
  const lower = join(scratch, "lower");
  const upper = join(scratch, "upper");
  const mtime = { seconds: 1000, nanoseconds: 5 };
  const below: TarInput[] = [
    { ...directory("opt"), mode: 0o1770, uid: 7, gid: 8, mtime },
    { ...directory("opt/app"), mode: 0o2711, mtime, xattrs: new Map([["user.mark", Buffer.from("x")]]) },
  ];
  await unpackTar(writeTar(below), lower, { whiteouts: "overlay" });
  await unpackTar(writeTar([file("opt/app/new"), whiteout("opt/.wh.old")]), upper, {
    whiteouts: "overlay",
    lowers: [lower],
  });
  const opt = statSync(join(upper, "opt"));
  assert.equal(opt.mode & 0o7777, 0o1770);
  assert.deepEqual([opt.uid, opt.gid], [7, 8]);
  assert.equal(statSync(join(upper, "opt/app")).mode & 0o7777, 0o2711);
  assert.equal(statSync(join(upper, "opt/app"), { bigint: true }).mtimeNs, 1_000_000_000_005n);
  assert.equal(listXattrs(join(upper, "opt/app")).get("user.mark")?.toString(), "x");
});

test("in overlay form a hard link to a file of the layer below gets that file", async (t) => {
  if (!requireRoot(t)) return;
  const scratch = temporaryDirectory(t);
  const [top, middle, bottom] = ["top", "middle", "bottom"].map((name) => join(scratch, name));
  assert.ok(top !== undefined && middle !== undefined && bottom !== undefined);
  const program: TarInput = { ...file("usr/bin/tool", "program"), mode: 0o4755, uid: 3 };
  await unpackTar(writeTar([program, file("gone"), symlink("bin", "usr/bin")]), bottom, {
    whiteouts: "overlay",
  });
  await unpackTar(writeTar([whiteout(".wh.gone")]), middle, { whiteouts: "overlay", lowers: [bottom] });
  const link: TarInput = { path: "alias", type: "hardlink", linkPath: "bin/tool" };
  const lowers = [middle, bottom];
  await unpackTar(writeTar([link]), top, { whiteouts: "overlay", lowers });
  assert.equal(readFileSync(join(top, "alias"), "utf8"), "program");
  assert.equal(statSync(join(top, "alias")).mode & 0o7777, 0o4755);
  assert.equal(statSync(join(top, "alias")).uid, 3);
  assert.equal(statSync(join(top, "alias")).ino, statSync(join(top, "usr/bin/tool")).ino);
  assert.equal(statSync(join(bottom, "usr/bin/tool")).nlink, 1);
  const hidden: TarInput = { path: "x", type: "hardlink", linkPath: "gone" };
  await assert.rejects(unpackTar(writeTar([hidden]), top, { whiteouts: "overlay", lowers }), {
    code: "HARDLINK_INVALID",
  });
});

test("a directory of the layer below keeps its time when a layer that does not name it changes it", async (t) => {
  const root = temporaryDirectory(t);
  const mtime = { seconds: 1000, nanoseconds: 7 };
  await unpackTar(writeTar([{ ...directory("d"), mtime }, file("d/old")]), root, { whiteouts: "apply" });
  await unpackTar(writeTar([file("d/new"), whiteout("d/.wh.old")]), root, { whiteouts: "apply" });
  assert.equal(statSync(join(root, "d"), { bigint: true }).mtimeNs, 1_000_000_000_007n);
});

test("a directory of an earlier layer loses the attributes that the layer does not give it", async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "d"));
  setXattr(join(root, "d"), "user.old", Buffer.from("old"));
  const xattrs = new Map([["user.new", Buffer.from("new")]]);
  await unpackTar(writeTar([{ ...directory("d"), xattrs }]), root, { whiteouts: "apply" });
  const names = [...listXattrs(join(root, "d")).keys()].filter((name) => name.startsWith("user."));
  assert.deepEqual(names, ["user.new"]);
});

test("a path that is cached leads on when what it led through is replaced", async (t) => {
  const root = temporaryDirectory(t);
  await unpackTar(
    writeTar([
      directory("one"),
      directory("two"),
      symlink("link", "one"),
      file("link/a"),
      symlink("link", "two"),
      file("link/b"),
      directory("link"),
      file("link/c"),
    ]),
    root,
    { whiteouts: "apply" },
  );
  assert.deepEqual(await listing(root), [
    "link/",
    "link/c=link/c",
    "one/",
    "one/a=link/a",
    "two/",
    "two/b=link/b",
  ]);
});

/** All paths, directories with a slash, symlinks with an @, files with their content. */
async function listing(root: string): Promise<string[]> {
  const found: string[] = [];
  for await (const member of readTar(packDirectory(root, { xattrs: "drop" }))) {
    if (member.type === "directory") found.push(`${member.path}/`);
    else if (member.type === "symlink") found.push(`${member.path}@`);
    else found.push(`${member.path}=${(await collect(member.content(), { limit: 1e6 })).toString()}`);
  }
  return found.toSorted();
}
