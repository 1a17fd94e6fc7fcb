import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requireRoot, temporaryDirectory } from "@cooper/test";
import * as sys from "./index.ts";

const { constants } = fs;

test("importing the package does not load koffi", () => {
  const script = `import ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
    const loaded = process.report.getReport().sharedObjects.filter((path) => path.includes("koffi"));
    process.stdout.write(JSON.stringify(loaded));`;
  const printed = execFileSync(process.execPath, [
    "--conditions=@cooper/source",
    "--input-type=module",
    "-e",
    script,
  ]);
  assert.equal(printed.toString(), "[]");
});

test("a Node that did not come with Cooper calls the system too", (t) => {
  const path = join(temporaryDirectory(t), "file");
  fs.writeFileSync(path, "");
  sys.setXattr(path, "user.seen", Buffer.from("here"));
  const node = join(temporaryDirectory(t), "node");
  fs.copyFileSync(process.execPath, node);
  const script = `import { listXattrs } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
    process.stdout.write(listXattrs(${JSON.stringify(path)}).get("user.seen") ?? "nothing");`;
  for (const program of [node, process.execPath]) {
    const printed = execFileSync(program, [
      "--conditions=@cooper/source",
      "--input-type=module",
      "-e",
      script,
    ]);
    assert.equal(printed.toString(), "here");
  }
});

test("a binary attribute comes back byte for byte, by path and by descriptor", (t) => {
  const path = join(temporaryDirectory(t), "file");
  fs.writeFileSync(path, "");
  const value = Buffer.from([0, 255, 128, 10, 0]);
  sys.setXattr(path, "user.binary", value);
  sys.setXattr(path, "user.empty", Buffer.alloc(0));
  const fd = fs.openSync(path, "r");
  t.after(() => fs.closeSync(fd));
  for (const target of [path, Buffer.from(path), fd]) {
    const found = sys.listXattrs(target);
    assert.deepEqual(found.get("user.binary"), value);
    assert.deepEqual(found.get("user.empty"), Buffer.alloc(0));
  }
  sys.removeXattr(path, "user.binary");
  assert.deepEqual([...sys.listXattrs(path).keys()], ["user.empty"]);
  assert.throws(() => sys.removeXattr(path, "user.binary"), { code: "ENODATA" });
});

test("attributes of a symlink are its own", (t) => {
  if (!requireRoot(t)) return;
  const directory = temporaryDirectory(t);
  const target = join(directory, "target");
  const link = join(directory, "link");
  fs.writeFileSync(target, "");
  fs.symlinkSync("target", link);
  sys.setXattr(link, "trusted.of-link", Buffer.from("x"));
  assert.deepEqual([...sys.listXattrs(target).keys()], []);
  assert.deepEqual([...sys.listXattrs(link).keys()], ["trusted.of-link"]);
});

test("times keep their nanoseconds, before 1970 and after 2038", (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  fs.writeFileSync(path, "");
  const fd = fs.openSync(path, "r+");
  t.after(() => fs.closeSync(fd));
  for (const time of [
    { seconds: 1_700_000_000, nanoseconds: 123_456_789 },
    { seconds: -1, nanoseconds: 999_999_999 },
    { seconds: 5_000_000_000, nanoseconds: 1 },
  ]) {
    for (const target of [path, fd]) {
      sys.setTimes(target, { seconds: 0, nanoseconds: 0 });
      sys.setTimes(target, time);
      assert.deepEqual(sys.statusOf(fd).mtime, time);
    }
  }
});

test("the time of a symlink is its own", (t) => {
  const directory = temporaryDirectory(t);
  fs.writeFileSync(join(directory, "target"), "");
  fs.symlinkSync("target", join(directory, "link"));
  sys.setTimes(join(directory, "link"), { seconds: 77, nanoseconds: 5 });
  assert.equal(fs.lstatSync(join(directory, "link")).mtimeMs, 77_000.000005);
  assert.notEqual(fs.statSync(join(directory, "link")).mtimeMs, 77_000.000005);
});

test("nodes get their kind and their wide numbers", (t) => {
  const directory = temporaryDirectory(t);
  sys.makeNode(join(directory, "fifo"), "fifo", 0o600, 0, 0);
  assert.ok(fs.lstatSync(join(directory, "fifo")).isFIFO());
  // Anyone may make overlayfs's whiteout.
  sys.makeNode(join(directory, "whiteout"), "character-device", 0, 0, 0);
  assert.ok(fs.lstatSync(join(directory, "whiteout")).isCharacterDevice());
  if (!requireRoot(t)) return;
  sys.makeNode(join(directory, "block"), "block-device", 0o600, 4095, 1_048_575);
  const status = sys.statusAt(sys.WORKING_DIRECTORY, join(directory, "block"));
  assert.equal(status?.deviceMajor, 4095);
  assert.equal(status?.deviceMinor, 1_048_575);
  assert.throws(() => sys.makeNode(join(directory, "x"), "block-device", 0, 4096, 0), { code: "EINVAL" });
});

test("openBeneath cannot leave the root through dots, absolute paths or symlinks", (t) => {
  const directory = temporaryDirectory(t);
  const root = join(directory, "root");
  fs.mkdirSync(join(root, "etc"), { recursive: true });
  fs.writeFileSync(join(directory, "secret"), "outside");
  fs.writeFileSync(join(root, "secret"), "inside");
  fs.symlinkSync(directory, join(root, "absolute"));
  fs.symlinkSync("../..", join(root, "etc", "up"));
  fs.symlinkSync("/etc", join(root, "to-etc"));
  fs.symlinkSync("secret", join(root, "last"));
  fs.symlinkSync("/proc/self/cwd", join(root, "magic"));
  const fd = fs.openSync(root, "r");
  t.after(() => fs.closeSync(fd));
  const read = (path: string): string => {
    const file = sys.openBeneath(fd, path, constants.O_RDONLY);
    try {
      return fs.readFileSync(file, "utf8");
    } finally {
      fs.closeSync(file);
    }
  };
  for (const path of ["../secret", "/secret", "etc/../../secret", "etc/up/secret", "to-etc/../secret"]) {
    assert.equal(read(path), "inside", path);
  }
  assert.throws(() => read("absolute/secret"), { code: "ENOENT" });
  assert.throws(() => read("magic/package.json"), { code: "ENOENT" });
  assert.throws(() => read("last"), { code: "ELOOP" });
});

test("a directory's names are bytes", (t) => {
  const directory = temporaryDirectory(t);
  const odd = Buffer.from([0xff, 0xfe, 0x41]);
  fs.writeFileSync(Buffer.concat([Buffer.from(directory), Buffer.from("/"), odd]), "");
  for (let index = 0; index < 3000; index++) fs.writeFileSync(join(directory, `file-${index}`), "");
  const fd = fs.openSync(directory, "r");
  t.after(() => fs.closeSync(fd));
  const names = sys.listDirectory(fd);
  assert.equal(names.length, 3001);
  assert.ok(names.includes("\xff\xfeA"));
  assert.equal(sys.statusAt(fd, odd)?.links, 1);
  assert.equal(sys.statusAt(fd, "missing"), undefined);
});

test("a name with a NUL or a lone surrogate is refused before Linux sees it", (t) => {
  const directory = temporaryDirectory(t);
  assert.throws(() => sys.makeNode(`${directory}/a\0b`, "fifo", 0o600, 0, 0), { code: "EINVAL" });
  assert.throws(() => sys.makeNode(Buffer.from(`${directory}/a\0b`), "fifo", 0o600, 0, 0), {
    code: "EINVAL",
  });
  assert.throws(() => sys.makeNode(`${directory}/\udc80`, "fifo", 0o600, 0, 0), { code: "EILSEQ" });
  assert.deepEqual(fs.readdirSync(directory), []);
});

test("an error has the errno's name, the call and the path", () => {
  assert.throws(
    () => sys.setXattr("/nowhere/at/all", "user.x", Buffer.alloc(0)),
    (error: unknown) =>
      error instanceof sys.SysError &&
      error.code === "ENOENT" &&
      error.errno === 2 &&
      error.fields["path"] === "/nowhere/at/all" &&
      sys.errnoOf(error) === "ENOENT" &&
      error.message.includes("no such file or directory"),
  );
  assert.equal(sys.errnoName(11), "EAGAIN");
  assert.equal(sys.errnoName(95), "EOPNOTSUPP");
});

test("an exclusive lock excludes another process, and goes when that process is killed", async (t) => {
  const path = join(temporaryDirectory(t), "lock");
  fs.writeFileSync(path, "");
  const index = JSON.stringify(new URL("./index.ts", import.meta.url).href);
  const script = `import fs from "node:fs"; import { lockFile } from ${index};
    const fd = fs.openSync(process.argv[1], "r+");
    process.stdout.write(String(lockFile(fd, "exclusive")));
    setInterval(() => fd, 1000);`;
  const child = spawn(
    process.execPath,
    ["--conditions=@cooper/source", "--input-type=module", "-e", script, path],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => child.kill("SIGKILL"));
  const said = await new Promise((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
  assert.equal(said, "true");
  const fd = fs.openSync(path, "r+");
  t.after(() => fs.closeSync(fd));
  assert.equal(sys.lockFile(fd, "exclusive"), false);
  assert.equal(sys.lockFile(fd, "shared"), false);
  await assert.rejects(sys.waitLock(fd, "shared", { signal: AbortSignal.timeout(30) }), {
    name: "TimeoutError",
  });
  const waiting = sys.waitLock(fd, "exclusive");
  child.kill("SIGKILL");
  await waiting;
  const other = fs.openSync(path, "r+");
  t.after(() => fs.closeSync(other));
  assert.equal(sys.lockFile(other, "shared"), false);
  sys.unlockFile(fd);
  assert.equal(sys.lockFile(other, "shared"), true);
});

test("a filesystem is mounted and unmounted", (t) => {
  if (!requireRoot(t)) return;
  const directory = temporaryDirectory(t);
  try {
    sys.mount("tmpfs", directory, "tmpfs", sys.MOUNT_FLAGS.noSuid | sys.MOUNT_FLAGS.noDev, "size=64k");
  } catch (error) {
    if (!sys.isFault(error, "EPERM")) throw error;
    t.skip("SKIPPED: this root may not mount");
    return;
  }
  fs.writeFileSync(join(directory, "file"), "on tmpfs");
  const fd = fs.openSync(directory, "r");
  sys.syncFilesystem(fd);
  fs.closeSync(fd);
  sys.unmount(directory);
  assert.deepEqual(fs.readdirSync(directory), []);
});
