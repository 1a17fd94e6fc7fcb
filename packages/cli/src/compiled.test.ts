import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { requireRoot, run, temporaryDirectory } from "@cooper/test";

const root = join(import.meta.dirname, "../../..");
const bundle = join(root, "packages/cli/dist", `bundle-${process.pid}`); // where koffi is found
before(async () => {
  await run(process.execPath, [join(root, "scripts/bundle.ts"), bundle]);
});
after(() => rmSync(bundle, { recursive: true, force: true }));

/** The help of a command, which is loaded for it, and what Node says of the files that it compiles. */
async function help(cache: string, ...command: readonly string[]): Promise<string> {
  const finished = await run(process.execPath, [join(bundle, "main.cjs"), ...command, "--help"], {
    env: {
      ...process.env,
      COOPER_CACHE_DIR: cache,
      NODE_COMPILE_CACHE: "",
      NODE_DEBUG_NATIVE: "COMPILE_CACHE",
    },
  });
  assert.match(finished.stdout, new RegExp(`^USAGE\\n +cooper ${command.join(" ")}`, "m"));
  return finished.stdout + finished.stderr;
}

const TAKEN = /app\.cjs was accepted/;

function files(directory: string): readonly string[] {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return names.map((name) => join(directory, name)).filter((path) => statSync(path).isFile());
}

test("a command takes what the same command compiled before, and nothing of others", async (t) => {
  const cache = join(temporaryDirectory(t), "cache");
  assert.doesNotMatch(await help(cache, "digest"), TAKEN);
  assert.match(await help(cache, "digest"), TAKEN);
  assert.doesNotMatch(await help(cache, "cat"), TAKEN);
  assert.doesNotMatch(await help(cache), TAKEN);
  assert.deepEqual(readdirSync(join(cache, "compiled")).toSorted(), ["cat", "digest", "others"]);
  assert.equal(statSync(join(cache, "compiled")).mode & 0o777, 0o700);
});

test("asking for the version compiles and keeps nothing", async (t) => {
  const cache = join(temporaryDirectory(t), "cache");
  const env = { ...process.env, COOPER_CACHE_DIR: cache };
  const { stdout } = await run(process.execPath, [join(bundle, "main.cjs"), "--version"], { env });
  assert.match(stdout, /^cooper \d/);
  assert.ok(!existsSync(cache));
});

test("what a crash cut short or somebody damaged is compiled again", async (t) => {
  const cache = temporaryDirectory(t);
  await help(cache, "digest");
  for (const damage of [
    (path: string): void => truncateSync(path, statSync(path).size / 2),
    (path: string): void => writeFileSync(path, Buffer.alloc(statSync(path).size, 0x5a)),
    (path: string): void => writeFileSync(path, ""),
  ]) {
    for (const path of files(join(cache, "compiled"))) damage(path);
    assert.doesNotMatch(await help(cache, "digest"), TAKEN);
    assert.match(await help(cache, "digest"), TAKEN);
  }
});

test("where others could put something, or nothing can be written, nothing is kept and all goes on", async (t) => {
  const places: ((cache: string) => void)[] = [
    (cache) => {
      mkdirSync(join(cache, "compiled"), { recursive: true });
      chmodSync(join(cache, "compiled"), 0o777);
    },
    (cache) => {
      mkdirSync(join(cache, "own"), { recursive: true });
      symlinkSync("own", join(cache, "compiled"));
    },
    (cache) => writeFileSync(cache, "a file"),
  ];
  if (requireRoot(t)) {
    places.push((cache) => {
      mkdirSync(join(cache, "compiled"), { recursive: true });
      chownSync(join(cache, "compiled"), 65534, 65534);
    });
  }
  for (const prepare of places) {
    const cache = join(temporaryDirectory(t), "cache");
    prepare(cache);
    assert.doesNotMatch(await help(cache, "digest"), TAKEN);
    assert.doesNotMatch(await help(cache, "digest"), TAKEN);
    if (statSync(cache).isDirectory()) assert.deepEqual(files(cache), []);
  }
});
