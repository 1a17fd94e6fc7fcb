import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readSharedLibrary, type SharedLibrary } from "./elf.ts";
import { findLibraries } from "./find-libraries.ts";
import { compareLibraryNames, encodeLdSoCache } from "./ld-so-cache.ts";
import { RootTree } from "./tree.ts";

const work = mkdtempSync(join(tmpdir(), "cooper-libraries-"));
after(() => rmSync(work, { recursive: true, force: true }));

const LIBRARIES = "/usr/lib/x86_64-linux-gnu";

async function libraryAt(path: string): Promise<SharedLibrary | undefined> {
  const bytes = readFileSync(path);
  return await readSharedLibrary(async (offset, length) => bytes.subarray(offset, offset + length));
}

test("a library's SONAME, class and machine are those that readelf sees", async (t) => {
  const paths = readdirSync(LIBRARIES, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^lib.*\.so\./.test(entry.name))
    .map(({ name }) => join(LIBRARIES, name))
    .slice(0, 60);
  if (paths.length === 0 || spawnSync("readelf", ["--version"]).status !== 0) {
    t.skip(`SKIPPED: there is no readelf, or there are no libraries in ${LIBRARIES}`);
    return;
  }
  const printed = execFileSync("readelf", ["--wide", "--file-header", "--dynamic", ...paths], {
    maxBuffer: 2 ** 26,
  }).toString();
  const sections = printed.split(/^File: /m).slice(1);
  assert.equal(sections.length, paths.length);
  for (const [at, section] of sections.entries()) {
    // oxlint-disable-next-line no-await-in-loop
    const library = await libraryAt(paths[at] ?? "");
    const soname = /\(SONAME\)\s+Library soname: \[(.*)\]/.exec(section)?.[1];
    assert.equal(library?.soname, soname, paths[at]);
    assert.equal(library?.bits, /Class:\s+ELF64/.test(section) ? 64 : 32);
    assert.equal(library?.machine === 62, /X86-64/.test(section));
  }
});

test("what is no library, or is cut short anywhere, is none and nothing worse", async () => {
  const whole = readFileSync(join(LIBRARIES, "libz.so.1"));
  for (const bytes of [Buffer.alloc(0), Buffer.from("#!/bin/sh\n"), readFileSync("/bin/sh")]) {
    // oxlint-disable-next-line no-await-in-loop
    const library = await readSharedLibrary(async (offset, length) =>
      bytes.subarray(offset, offset + length),
    );
    assert.equal(library?.soname, undefined);
  }
  for (let length = 0; length < 4096; length += 7) {
    const cut = whole.subarray(0, length);
    // oxlint-disable-next-line no-await-in-loop
    await readSharedLibrary(async (offset, size) => cut.subarray(offset, offset + size));
  }
  for (let at = 0; at < 64; at++) {
    const wrong = Buffer.from(whole);
    wrong[at] = 0xff;
    // oxlint-disable-next-line no-await-in-loop
    await readSharedLibrary(async (offset, size) => wrong.subarray(offset, offset + size));
  }
});

function hostPath(library: string): string {
  return join(LIBRARIES, library);
}

/** A root on the disk and the same one in memory. */
async function roots(): Promise<{ readonly directory: string; readonly tree: RootTree }> {
  const directory = join(work, "root");
  const tree = new RootTree({ mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };
  const place = async (path: string, source: string): Promise<void> => {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    copyFileSync(source, join(directory, path));
    tree.makeDirectory(join(path, ".."), attributes);
    const content = { package: 0, offset: 0, size: 1, text: undefined, library: await libraryAt(source) };
    tree.set(path, { ...attributes, type: "file", content });
  };
  const link = (path: string, target: string): void => {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    symlinkSync(target, join(directory, path));
    tree.set(path, { ...attributes, type: "symlink", target });
  };
  const write = (path: string, text: string): void => {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    writeFileSync(join(directory, path), text);
    tree.makeDirectory(join(path, ".."), attributes);
    tree.set(path, { ...attributes, type: "file", content: { bytes: Buffer.from(text) } });
  };
  await place("usr/lib/x86_64-linux-gnu/libz.so.1.2", hostPath("libz.so.1"));
  await place("usr/lib/x86_64-linux-gnu/libz.so.1.10", hostPath("libz.so.1"));
  await place("usr/lib/x86_64-linux-gnu/libc.so.6", hostPath("libc.so.6"));
  await place("usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libz.so.1.10", hostPath("libz.so.1"));
  await place("usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/libz.so.1.2", hostPath("libz.so.1"));
  await place("opt/own/libm-own.so", hostPath("libm.so.6"));
  link("lib", "usr/lib");
  link("usr/lib/x86_64-linux-gnu/libz.so", "libz.so.1.10");
  link("usr/lib/x86_64-linux-gnu/libgone.so.1", "nowhere");
  link("opt/own/libc-link.so", "/usr/lib/x86_64-linux-gnu/libc.so.6");
  write("usr/lib/x86_64-linux-gnu/libtext.so", "INPUT(libz.so.1)\n");
  write("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n");
  write("etc/ld.so.conf.d/a.conf", "# first\n/opt/own\n/missing\n");
  write("etc/ld.so.conf.d/b.conf", "/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n");
  return { directory, tree };
}

/** The libraries that ldconfig reads from a cache. */
function list(cache: string): string[] {
  const printed = execFileSync("ldconfig", ["-p", "-C", cache]).toString();
  return printed.split("\n").filter((line) => line.startsWith("\t"));
}

test("ldconfig itself finds the same libraries, makes the same links and reads the cache alike", async (t) => {
  if (spawnSync("ldconfig", ["--version"]).status !== 0 || process.arch !== "x64") {
    t.skip("SKIPPED: there is no ldconfig, or another processor");
    return;
  }
  const { directory, tree } = await roots();
  const { libraries, missing } = findLibraries(tree);
  const ours = join(work, "ours");
  writeFileSync(ours, encodeLdSoCache(libraries, "little"));
  execFileSync("ldconfig", ["-r", directory], { stdio: "ignore" });
  assert.deepEqual(list(ours), list(join(directory, "etc/ld.so.cache")));
  assert.ok(
    list(ours).some((line) => line.includes("x86-64-v3")),
    "levels of processors are there",
  );
  assert.deepEqual(missing.map(({ path, target }) => `${path} ${target}`).toSorted(), [
    "/lib/x86_64-linux-gnu/libz.so.1 libz.so.1.10",
    "/opt/own/libc.so.6 libc-link.so",
    "/opt/own/libm.so.6 libm-own.so",
  ]);
  for (const { path } of missing) assert.ok(readFileSync(join(directory, path)).length > 0);
});

test("library names are ordered with their numbers as numbers", () => {
  const names = ["libb.so.10", "libb.so.9", "liba.so", "libb.so", "libb.so.9.1"];
  assert.deepEqual(names.toSorted(compareLibraryNames), [
    "liba.so",
    "libb.so",
    "libb.so.9",
    "libb.so.9.1",
    "libb.so.10",
  ]);
});
