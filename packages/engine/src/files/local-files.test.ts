import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { digestOfFiles, type LocalScan, scanLocal } from "./local-files.ts";
import { openMemory } from "./memory.ts";
import { Patterns } from "./patterns.ts";

interface Tree {
  readonly root: string;
  scan(lines?: {
    readonly include?: readonly string[];
    readonly exclude?: readonly string[];
  }): Promise<LocalScan>;
}

function tree(t: TestContext): Tree {
  const directory = temporaryDirectory(t);
  const root = join(directory, "root");
  mkdirSync(join(root, "src/deep"), { recursive: true });
  mkdirSync(join(root, "node_modules/a"), { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  writeFileSync(join(root, "src/main.js"), "main");
  writeFileSync(join(root, "src/deep/ä.js"), "deep");
  writeFileSync(join(root, "node_modules/a/index.js"), "a");
  return {
    root,
    scan: async ({ include, exclude = [] } = {}) => {
      const memory = openMemory(directory, root);
      const scan = await scanLocal(
        root,
        {
          include: include === undefined ? undefined : new Patterns(include),
          exclude: new Patterns(exclude),
        },
        memory,
      );
      memory.save();
      return scan;
    },
  };
}

function paths({ files }: LocalScan): readonly string[] {
  return files.map(({ path }) => path);
}

test("all files are found, directories before what is in them, in the order of their names", async (t) => {
  const { scan } = tree(t);
  assert.deepEqual(paths(await scan()), [
    "node_modules",
    "node_modules/a",
    "node_modules/a/index.js",
    "package.json",
    "src",
    "src/deep",
    "src/deep/ä.js",
    "src/main.js",
  ]);
});

test("what is excluded is not there, and of what is included only that", async (t) => {
  const { scan } = tree(t);
  assert.deepEqual(paths(await scan({ exclude: ["node_modules", "src/deep"] })), [
    "package.json",
    "src",
    "src/main.js",
  ]);
  assert.deepEqual(paths(await scan({ include: ["package.json", "**/*.js"], exclude: ["node_modules"] })), [
    "package.json",
    "src/deep/ä.js",
    "src/main.js",
  ]);
  assert.deepEqual(paths(await scan({ exclude: ["*", "!src/main.js"] })), ["src/main.js"]);
});

test("the digest is of names, modes and content, and not of times", async (t) => {
  const { root, scan } = tree(t);
  const digest = async (): Promise<string> => digestOfFiles((await scan()).files);
  const before = await digest();
  utimesSync(join(root, "package.json"), 1, 1);
  assert.equal(await digest(), before);
  chmodSync(join(root, "package.json"), 0o755);
  const executable = await digest();
  assert.notEqual(executable, before);
  writeFileSync(join(root, "package.json"), "{ }");
  assert.notEqual(await digest(), executable);
});

test("what is remembered of a file counts only while its size, times and inode are the same", async (t) => {
  const { root, scan } = tree(t);
  const path = join(root, "package.json");
  const content = async (): Promise<string | undefined> =>
    (await scan()).files.find((file) => file.path === "package.json")?.content;
  const first = await content();
  assert.equal(await content(), first);
  writeFileSync(path, "[]"); // as long as before
  assert.notEqual(await content(), first);
});

test("links are not followed, and loops, sockets and odd names do no harm", async (t) => {
  const { root, scan } = tree(t);
  symlinkSync("..", join(root, "src/up"));
  symlinkSync("/etc/passwd", join(root, "src/passwd"));
  writeFileSync(join(root, "src/\n\t'\"\\"), "odd");
  const server = createServer().listen(join(root, "src/socket"));
  t.after(() => server.close());
  const { files } = await scan({ include: ["src"], exclude: ["src/deep"] });
  assert.deepEqual(
    files.filter(({ type }) => type === "symlink").map(({ path, content }) => [path, content]),
    [
      ["src/passwd", "/etc/passwd"],
      ["src/up", ".."],
    ],
  );
  assert.ok(files.some(({ path }) => path === "src/\n\t'\"\\"));
  assert.ok(!files.some(({ path }) => path === "src/socket"));
});
