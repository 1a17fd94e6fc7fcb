import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { listXattrs } from "@cooper/sys";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";
import * as fc from "fast-check";

import { collect } from "../bytes.ts";
import { type TarInput, writeTar } from "../tar/writer.ts";
import { packDirectory } from "./pack.ts";
import { decodeDevice, decodeOwner, encodeDevice, encodeOwner, MAX_ID, OWNER_XATTR } from "./record.ts";

const LIMIT = { limit: 2 ** 24 };
const NOBODY = 65534;
const mtime = { seconds: 1_000_000, nanoseconds: 5 };

const ARCHIVE: readonly TarInput[] = [
  { path: "closed", type: "directory", mode: 0o555, mtime },
  { path: "closed/dark", type: "directory", mode: 0o000, mtime },
  {
    path: "closed/dark/file",
    type: "file",
    mode: 0o400,
    uid: 1000,
    gid: 100,
    mtime,
    bytes: Buffer.from("a"),
  },
  { path: "closed/file", type: "file", mode: 0o000, uid: 33, gid: 0, mtime, bytes: Buffer.from("b") },
  { path: "closed/link", type: "hardlink", linkPath: "closed/file", mode: 0o000, uid: 33, mtime },
  { path: "dev", type: "directory", uid: 2, gid: 3, mtime },
  { path: "dev/null", type: "character-device", mode: 0o666, deviceMajor: 1, deviceMinor: 3, gid: 5, mtime },
  { path: "dev/sda", type: "block-device", mode: 0o660, deviceMajor: 8, deviceMinor: 1, mtime },
  { path: "fifo", type: "fifo", mode: 0o622, mtime },
  { path: "root", type: "file", mode: 0o4755, mtime, bytes: Buffer.from("c") },
  { path: "symlink", type: "symlink", linkPath: "root", mtime },
];

/** Unpacks archives one over the other as another user, in a process of its own. */
const SCRIPT = `
  import { readFileSync } from "node:fs";
  import { fromBytes, unpackTar } from "@cooper/archive";
  import { listXattrs } from "@cooper/sys";
  const [directory, options, ...archives] = process.argv.slice(1);
  listXattrs(directory); // loads what only root may be able to read
  if (process.getuid() === 0) {
    process.setgroups([]);
    process.setgid(${NOBODY});
    process.setuid(${NOBODY});
  }
  const notes = [];
  const onNote = ({ kind, path, name }) => notes.push([kind, path, name].join(" ").trimEnd());
  try {
    for (const archive of archives) {
      await unpackTar(fromBytes(readFileSync(archive)), directory + "/root", { ...JSON.parse(options), onNote });
    }
    process.stdout.write(JSON.stringify({ notes }));
  } catch (error) {
    process.stdout.write(JSON.stringify({ notes, code: error.code, advice: error.advice, kind: error.kind }));
  }`;

test("a user gets an archive of root's with owners and devices written down, and packing gives them back", async (t) => {
  const { directory, outcome } = await asUser(t, [ARCHIVE], { whiteouts: "apply" });
  assert.deepEqual(outcome, { notes: [] });
  const root = join(directory, "root");
  assert.equal(statSync(join(root, "closed")).mode & 0o7777, 0o555);
  assert.equal(statSync(join(root, "closed/dark")).mode & 0o7777, 0);
  assert.equal(statSync(join(root, "closed/file")).mode & 0o7777, 0);
  assert.equal(statSync(join(root, "root")).mode & 0o7777, 0o4755);
  assert.notEqual(statSync(join(root, "root")).uid, 0);
  assert.ok(lstatSync(join(root, "dev/null")).isFile());
  assert.deepEqual(
    listXattrs(join(root, "closed/dark/file")).get(OWNER_XATTR),
    encodeOwner({ uid: 1000, gid: 100 }),
  );
  assert.equal(listXattrs(join(root, "root")).has(OWNER_XATTR), false);
  if (!requireRoot(t)) return; // who may read the closed ones too
  const packed = await collect(packDirectory(root, { owner: "recorded" }), LIMIT);
  assert.ok(packed.equals(await collect(writeTar(ARCHIVE), LIMIT)));
});

test("a user's next layer changes directories that are closed, and leaves them closed", async (t) => {
  const next: TarInput[] = [
    { path: "closed/dark/new", type: "file", mtime },
    { path: "closed/.wh.file", type: "file" },
    { path: "closed/dark/.wh.file", type: "file" },
    { path: ".wh.dev", type: "file" },
  ];
  const { directory, outcome } = await asUser(t, [ARCHIVE, next], { whiteouts: "apply" });
  assert.deepEqual(outcome, { notes: [] });
  const root = join(directory, "root");
  assert.ok(existsSync(join(root, "closed/dark/new")));
  assert.ok(!existsSync(join(root, "closed/file")));
  assert.ok(existsSync(join(root, "closed/link")));
  assert.ok(!existsSync(join(root, "closed/dark/file")));
  assert.ok(!existsSync(join(root, "dev")));
  assert.equal(statSync(join(root, "closed")).mode & 0o7777, 0o555);
  assert.equal(statSync(join(root, "closed/dark")).mode & 0o7777, 0);
  assert.equal(statSync(join(root, "closed/dark"), { bigint: true }).mtimeNs, 1_000_000_000_000_005n);
});

test("a user may have devices skipped and owners dropped", async (t) => {
  const { directory, outcome } = await asUser(t, [ARCHIVE], {
    whiteouts: "apply",
    owners: "drop",
    devices: "skip",
  });
  assert.deepEqual(outcome, { notes: ["device-skipped dev/null", "device-skipped dev/sda"] });
  assert.ok(!existsSync(join(directory, "root/dev/null")));
  assert.equal(listXattrs(join(directory, "root/closed/dark/file")).size, 0);
});

test("a user who asks for root's owners or devices is told what to do", async (t) => {
  const owners = await asUser(t, [ARCHIVE], { whiteouts: "apply", owners: "keep" });
  assert.equal(owners.outcome.code, "OWNER_REFUSED");
  assert.equal(owners.outcome.kind, "host");
  assert.match(owners.outcome.advice ?? "", /owners: "record"/);
  const devices = await asUser(t, [ARCHIVE], { whiteouts: "apply", devices: "create" });
  assert.equal(devices.outcome.code, "OWNER_REFUSED");
  assert.match(devices.outcome.advice ?? "", /devices: "record"/);
});

test("a user cannot be told by an archive whose a file is, nor be stopped by attributes of root's", async (t) => {
  const xattrs = new Map([
    [OWNER_XATTR, encodeOwner({ uid: 7, gid: 7 })],
    ["trusted.x", Buffer.from("x")],
    ["user.y", Buffer.from("y")],
  ]);
  const member: TarInput = { path: "f", type: "file", xattrs, mtime };
  const { directory, outcome } = await asUser(t, [[member]], { whiteouts: "apply" });
  assert.deepEqual(outcome, { notes: ["xattr-skipped f trusted.x"] });
  assert.deepEqual([...listXattrs(join(directory, "root/f")).keys()], ["user.y"]);
});

test("a user gets overlayfs's whiteouts in its form for users", async (t) => {
  const members: TarInput[] = [
    { path: "d/.wh..wh..opq", type: "file" },
    { path: "d/f", type: "file" },
    { path: ".wh.gone", type: "file" },
  ];
  const { directory, outcome } = await asUser(t, [members], { whiteouts: "overlay" });
  assert.deepEqual(outcome, { notes: [] });
  assert.equal(listXattrs(join(directory, "root/d")).get("user.overlay.opaque")?.toString(), "y");
  const gone = lstatSync(join(directory, "root/gone"));
  assert.deepEqual([gone.isCharacterDevice(), gone.rdev], [true, 0]);
});

test("owners are written down as umoci writes them", async (t) => {
  if (!requireRoot(t)) return;
  const umoci = requireProgram(t, "umoci");
  const setpriv = requireProgram(t, "setpriv", "util-linux");
  if (umoci === undefined || setpriv === undefined) return;
  const scratch = temporaryDirectory(t);
  chmodSync(scratch, 0o755);
  const work = join(scratch, "work");
  mkdirSync(work);
  const member: TarInput = { path: "f", type: "file", uid: 1000, gid: 70_000, mtime };
  writeFileSync(join(work, "layer.tar"), await collect(writeTar([member]), LIMIT));
  chownSync(work, NOBODY, NOBODY);
  const image = join(work, "image");
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", umoci];
  await run(setpriv, [...user, "init", "--layout", image]);
  await run(setpriv, [...user, "new", "--image", `${image}:x`]);
  await run(setpriv, [...user, "raw", "add-layer", "--image", `${image}:x`, join(work, "layer.tar")]);
  await run(setpriv, [...user, "unpack", "--rootless", "--image", `${image}:x`, join(work, "bundle")]);
  const theirs = listXattrs(join(work, "bundle/rootfs/f")).get(OWNER_XATTR);
  assert.deepEqual(theirs, encodeOwner({ uid: 1000, gid: 70_000 }));
});

test("a record of an owner or a device reads as it was written", () => {
  const id = fc.integer({ min: 0, max: MAX_ID });
  fc.assert(
    fc.property(id, id, (uid, gid) => {
      assert.deepEqual(decodeOwner(encodeOwner({ uid, gid })), { uid, gid });
    }),
  );
  for (const bytes of ["\x08", "\x18\x01", "\x08\xff\xff\xff\xff\xff\xff\xff\x01", "xx"]) {
    assert.equal(decodeOwner(Buffer.from(bytes, "latin1")), undefined, JSON.stringify(bytes));
  }
  const device = { type: "block-device", deviceMajor: 259, deviceMinor: 70_000 } as const;
  assert.deepEqual(decodeDevice(encodeDevice(device)), device);
  assert.equal(decodeDevice(Buffer.from("b 1")), undefined);
});

interface Outcome {
  readonly notes: readonly string[];
  readonly code?: string;
  readonly advice?: string;
  readonly kind?: string;
}

async function asUser(
  t: TestContext,
  archives: readonly (readonly TarInput[])[],
  options: object,
): Promise<{ readonly directory: string; readonly outcome: Outcome }> {
  const directory = temporaryDirectory(t);
  const paths: string[] = [];
  for (const [index, members] of archives.entries()) {
    paths.push(join(directory, `${index}.tar`));
    writeFileSync(join(directory, `${index}.tar`), await collect(writeTar(members), LIMIT));
  }
  if (process.getuid?.() === 0) chownSync(directory, NOBODY, NOBODY);
  const node = ["--conditions=@cooper/source", "--input-type=module", "-e", SCRIPT];
  const { stdout } = await run(process.execPath, [...node, directory, JSON.stringify(options), ...paths], {
    cwd: import.meta.dirname,
  });
  const outcome: Outcome = JSON.parse(stdout);
  return { directory, outcome };
}
