import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { isFault } from "@cooper/sys";
import { requireRoot, temporaryDirectory } from "@cooper/test";

import { ArchiveError } from "../errors.ts";
import { type TarInput, writeTar } from "../tar/writer.ts";
import { unpackTar } from "./unpack.ts";
import type { UnpackOptions } from "./unpack-options.ts";

/** A root to unpack into, between two things that are none of the archive's business. */
interface Scene {
  readonly root: string;
  readonly outside: string;
  readonly secret: string;
}

const file = (path: string, content = "planted"): TarInput => ({
  path,
  type: "file",
  bytes: Buffer.from(content),
});
const directory = (path: string, mode = 0o755): TarInput => ({ path, type: "directory", mode });
const symlink = (path: string, linkPath: string): TarInput => ({ path, type: "symlink", linkPath });
const hardLink = (path: string, linkPath: string): TarInput => ({ path, type: "hardlink", linkPath });

interface Attack {
  readonly name: string;
  /** `OUTSIDE` in paths and targets stands for the absolute path outside of the root. */
  readonly members: readonly TarInput[];
  /** What is in the root before, as a layer below left it. */
  readonly before?: (scene: Scene) => void;
  readonly options?: Partial<UnpackOptions>;
  /** The code of the error; without one, the archive is unpacked, inside. */
  readonly fails?: string;
  /** What to find in the root, at which path. */
  readonly inside?: Readonly<Record<string, string>>;
}

const ATTACKS: readonly Attack[] = [
  {
    name: "a path with .. cannot leave the root",
    members: [file("../outside/planted"), file("a/../../outside/planted2"), file("../../../../../planted3")],
    inside: { "outside/planted": "planted", "outside/planted2": "planted", planted3: "planted" },
  },
  {
    name: "an absolute path cannot leave the root",
    members: [file("OUTSIDE/planted"), file("/planted")],
    inside: { planted: "planted" },
  },
  {
    name: "a file through a symlink to an absolute directory cannot leave the root",
    members: [symlink("door", "OUTSIDE"), file("door/planted")],
  },
  {
    name: "a file through a symlink with .. cannot leave the root",
    members: [
      symlink("door", "../outside"),
      file("door/planted"),
      symlink("up", "../../.."),
      file("up/planted"),
    ],
    inside: { "outside/planted": "planted", planted: "planted" },
  },
  {
    name: "a file through a chain of symlinks cannot leave the root",
    members: [
      directory("a"),
      symlink("a/b", ".."),
      symlink("c", "a/b/.."),
      symlink("d", "c/../outside"),
      file("d/planted"),
    ],
    inside: { "outside/planted": "planted" },
  },
  {
    name: "a directory through a symlink cannot leave the root, nor change what is there",
    members: [symlink("door", "OUTSIDE"), directory("door/new"), directory("door", 0o777)],
  },
  {
    name: "a file at a symlink replaces the symlink and is not written through it",
    members: [symlink("door", "OUTSIDE/secret"), file("door")],
    inside: { door: "planted" },
  },
  {
    name: "a file at a hard link replaces the name and is not written into the other one",
    members: [file("first", "first"), hardLink("second", "first"), file("second", "second")],
    inside: { first: "first", second: "second" },
  },
  {
    name: "a directory at a symlink to a directory replaces the symlink",
    members: [symlink("door", "OUTSIDE"), directory("door", 0o700), file("door/planted")],
    inside: { "door/planted": "planted" },
  },
  {
    name: "a hardlink to an absolute path outside cannot leave the root",
    members: [hardLink("mine", "OUTSIDE/secret")],
    fails: "HARDLINK_INVALID",
  },
  {
    name: "a hardlink with .. cannot leave the root",
    members: [hardLink("mine", "../outside/secret")],
    fails: "HARDLINK_INVALID",
  },
  {
    name: "a hardlink through a symlink cannot leave the root",
    members: [symlink("door", "OUTSIDE"), hardLink("mine", "door/secret")],
    fails: "HARDLINK_INVALID",
  },
  {
    name: "a hardlink to a symlink links the symlink, and writing to it stays in the root",
    members: [symlink("door", "OUTSIDE/secret"), hardLink("mine", "door"), file("mine")],
    inside: { mine: "planted" },
  },
  {
    name: "a hardlink to a directory is refused",
    members: [directory("d"), hardLink("mine", "d")],
    fails: "HARDLINK_INVALID",
  },
  {
    name: "a hardlink to the root is refused",
    members: [hardLink("mine", "../..")],
    fails: "HARDLINK_INVALID",
  },
  {
    name: "a hardlink to itself is refused, and takes nothing away when it is there",
    members: [file("self", "kept"), hardLink("self", "self"), hardLink("other", "other")],
    fails: "HARDLINK_INVALID",
    inside: { self: "kept" },
  },
  {
    name: "a symlink of an earlier layer cannot lead this one out",
    before: ({ root, outside }) => {
      symlinkSync(outside, join(root, "absolute"));
      symlinkSync("../outside", join(root, "relative"));
      symlinkSync(join(outside, "secret"), join(root, "file"));
    },
    members: [file("absolute/planted"), file("relative/planted"), file("file")],
    inside: { "outside/planted": "planted", file: "planted" },
  },
  {
    name: "a hardlink through an earlier layer's symlink cannot leave the root",
    before: ({ root, outside }) => symlinkSync(outside, join(root, "door")),
    members: [hardLink("mine", "door/secret")],
    fails: "HARDLINK_INVALID",
  },
  {
    name: "a whiteout through a symlink deletes nothing outside",
    before: ({ root, outside }) => symlinkSync(outside, join(root, "door")),
    members: [file("door/.wh.secret"), file("door/.wh..wh..opq"), file("../outside/.wh.secret")],
  },
  {
    name: "a whiteout of a symlink deletes the symlink alone",
    before: ({ root, outside }) => symlinkSync(outside, join(root, "door")),
    members: [file(".wh.door")],
  },
  {
    name: "an opaque directory deletes a symlink in it, never what that points at",
    before: ({ root, outside }) => {
      mkdirSync(join(root, "d"));
      symlinkSync(outside, join(root, "d", "door"));
    },
    members: [file("d/.wh..wh..opq")],
  },
  { name: "a whiteout of .. is refused", members: [file("a/.wh...")], fails: "WHITEOUT_INVALID" },
  { name: "a whiteout of . is refused", members: [file("a/.wh..")], fails: "WHITEOUT_INVALID" },
  { name: "a whiteout of no name is refused", members: [file(".wh.")], fails: "WHITEOUT_INVALID" },
  {
    name: "a whiteout as a directory, which would hide something when packed again, is refused",
    members: [file("a/.wh.b/c")],
    fails: "WHITEOUT_INVALID",
  },
  {
    name: "a replaced directory is removed without following the symlinks in it",
    members: [directory("d"), symlink("d/door", "OUTSIDE"), file("d")],
    inside: { d: "planted" },
  },
  {
    name: "a symlink that points at itself is an error and no endless loop",
    members: [symlink("loop", "loop"), file("loop/planted")],
    fails: "PATH_INVALID",
  },
  {
    name: "two symlinks that point at each other are an error and no endless loop",
    members: [symlink("a", "b/x"), symlink("b", "a/y"), file("a/planted")],
    fails: "PATH_INVALID",
  },
  {
    name: "a file that is used as a directory is an error",
    members: [file("f"), file("f/g")],
    fails: "PATH_INVALID",
  },
  { name: "the root cannot become a file", members: [file("x/..")], fails: "PATH_INVALID" },
  {
    name: "the root cannot become a symlink",
    members: [symlink(".", "OUTSIDE"), file("planted")],
    fails: "PATH_INVALID",
  },
  {
    name: "an owner beyond what Linux has is an error and not another owner",
    members: [{ ...file("f"), uid: 0xffff_ffff }],
    fails: "PATH_INVALID",
  },
  {
    name: "an archive that nests too deep is stopped",
    members: [file(`${"d/".repeat(60)}f`)],
    options: { limits: { maxNesting: 50 } },
    fails: "LIMIT_EXCEEDED",
  },
  {
    name: "an archive with too many members is stopped",
    members: [file("a"), file("b"), file("c")],
    options: { limits: { maxEntries: 2 } },
    fails: "LIMIT_EXCEEDED",
  },
  {
    name: "an archive with too many bytes is stopped",
    members: [file("a", "x".repeat(10_000))],
    options: { limits: { maxBytes: 5000 } },
    fails: "LIMIT_EXCEEDED",
  },
  {
    name: "an archive with a path that is too long is stopped",
    members: [file("p".repeat(200))],
    options: { limits: { maxPathBytes: 150 } },
    fails: "LIMIT_EXCEEDED",
  },
  {
    name: "overlayfs's own attributes in an archive are not set",
    members: [
      {
        ...directory("d"),
        xattrs: new Map([
          ["trusted.overlay.redirect", Buffer.from("/outside")],
          ["user.overlay.opaque", Buffer.from("y")],
        ]),
      },
      file("d/f"),
    ],
    inside: { "d/f": "planted" },
  },
];

for (const attack of ATTACKS) {
  for (const whiteouts of ["apply", "overlay"] as const) {
    test(`${attack.name} (${whiteouts})`, async (t) => {
      const scene = makeScene(t);
      attack.before?.(scene);
      const members = attack.members.map((member) => placed(member, scene));
      const unpacking = unpackTar(writeTar(members), scene.root, { whiteouts, ...attack.options });
      if (attack.fails === undefined) await unpacking;
      else await assert.rejects(unpacking, (error) => isFault(error, attack.fails ?? ""));
      assertUntouched(scene);
      for (const [path, content] of Object.entries(attack.inside ?? {})) {
        assert.equal(readFileSync(join(scene.root, path), "utf8"), content, path);
        assert.ok(lstatSync(join(scene.root, path)).isFile(), path);
      }
    });
  }
}

test("a device node that is planted is not opened by what comes after it", async (t) => {
  if (!requireRoot(t)) return;
  const scene = makeScene(t);
  const device: TarInput = { path: "dev", type: "character-device", deviceMajor: 1, deviceMinor: 7 };
  // Writing to /dev/full would fail.
  await unpackTar(writeTar([device, file("dev", "content")]), scene.root, { whiteouts: "apply" });
  assert.equal(readFileSync(join(scene.root, "dev"), "utf8"), "content");
});

test("a device that overlayfs takes for a whiteout is left out in its form", async (t) => {
  if (!requireRoot(t)) return;
  const scene = makeScene(t);
  const notes: string[] = [];
  const device: TarInput = { path: "hidden", type: "character-device", deviceMajor: 0, deviceMinor: 0 };
  await unpackTar(writeTar([device]), scene.root, {
    whiteouts: "overlay",
    onNote: ({ kind, path }) => notes.push(`${kind} ${path}`),
  });
  assert.deepEqual(notes, ["device-skipped hidden"]);
  assert.deepEqual(readdirSync(scene.root), []);
});

test("a directory that another process swaps for a symlink out cannot lead the unpack out", async (t) => {
  const scene = makeScene(t);
  mkdirSync(join(scene.root, "d"));
  symlinkSync(scene.outside, join(scene.root, "evil"));
  const script = `
    const fs = require("node:fs");
    const [root, rounds] = [process.argv[1], Number(process.argv[2])];
    const move = (from, to) => { try { fs.renameSync(root + "/" + from, root + "/" + to); } catch {} };
    process.stdout.write("ready");
    for (let i = 0; i < rounds; i++) { move("d", "aside"); move("evil", "d"); move("d", "evil"); move("aside", "d"); }`;
  const attacker = spawn(process.execPath, ["-e", script, scene.root, "10000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => attacker.kill("SIGKILL"));
  await new Promise((resolve) => attacker.stdout.once("data", resolve));
  const members: TarInput[] = [];
  const links: TarInput[] = [];
  for (let index = 0; index < 100; index++) {
    // More directories than are kept open, so that each is looked up again and again.
    members.push(directory(`d/${index}`), file(`d/${index}/secret`), symlink(`d/${index}/s`, "x"));
    members.push(file("d/secret"), file("d/.wh.secret"), directory("d"), file(`d/${index}/deep/secret`));
    links.push(file("d/mine"), hardLink("d/secret", "d/mine"), hardLink("mine", "d/secret"));
  }
  const outcomes = new Map<string, number>();
  while (attacker.exitCode === null && attacker.signalCode === null) {
    for (const archive of [members, links]) {
      const outcome = await unpackTar(writeTar(archive), scene.root, { whiteouts: "apply" }).then(
        () => "whole",
        (error: unknown) => {
          // What is gone between two steps is an error, as it should be.
          assert.ok(error instanceof ArchiveError, String(error));
          return error.code;
        },
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      assertUntouched(scene);
    }
  }
  t.diagnostic([...outcomes].map(([outcome, times]) => `${times} ${outcome}`).join(", "));
});

test("a directory that is moved out while it is open takes nothing with it but what is put there", async (t) => {
  const scene = makeScene(t);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of writeTar([directory("d"), file("d/first"), directory("e")])) {
      // Without the trailer, so that the archive goes on.
      yield chunk.subarray(0, chunk.byteLength - 1024);
    }
    await new Promise((resolve) => setImmediate(resolve));
    renameSync(join(scene.root, "d"), join(scene.root, "moved"));
    symlinkSync(scene.outside, join(scene.root, "d"));
    yield* writeTar([file("d/second"), file("d/../d/third"), hardLink("d/fourth", "d/secret")]);
  }
  await assert.rejects(unpackTar(chunks(), scene.root, { whiteouts: "apply" }), { code: "HARDLINK_INVALID" });
  assertUntouched(scene);
  assert.deepEqual(readdirSync(scene.root).toSorted(), ["d", "e", "moved"]);
});

function makeScene(t: TestContext): Scene {
  const scratch = temporaryDirectory(t);
  const root = join(scratch, "root");
  const outside = join(scratch, "outside");
  mkdirSync(root);
  mkdirSync(outside);
  chmodSync(outside, 0o750);
  writeFileSync(join(outside, "secret"), "secret");
  return { root, outside, secret: join(outside, "secret") };
}

function placed(member: TarInput, { outside }: Scene): TarInput {
  return {
    ...member,
    path: member.path.replace("OUTSIDE", outside),
    linkPath: member.linkPath?.replace("OUTSIDE", outside),
  };
}

function assertUntouched({ root, outside, secret }: Scene): void {
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(secret, "utf8"), "secret");
  assert.equal(statSync(secret).nlink, 1);
  assert.equal(statSync(outside).mode & 0o7777, 0o750);
  assert.deepEqual(readdirSync(join(root, "..")).toSorted(), ["outside", "root"]);
}
