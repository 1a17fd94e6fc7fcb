import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

test("a program that a process becomes has the standard streams, and no descriptor that was handed down", () => {
  const directory = openSync("/", "r");
  try {
    const script = `import { becomeProgram } from ${JSON.stringify(join(import.meta.dirname, "process.ts"))};
becomeProgram("/bin/sh", ["sh", "-c", "echo /proc/$$/fd/*"], ["PATH=/usr/bin:/bin"]);`;
    // As the 40th, far from those that Node finds and closes by itself.
    const handed = Array.from({ length: 37 }, () => "ignore" as const);
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "pipe", ...handed, directory],
      encoding: "utf8",
    });
    const seen = stdout.trim().split(" ");
    // The fourth is the shell's own, which looks into that directory.
    assert.deepEqual(
      seen.map((path) => path.split("/").at(-1)),
      ["0", "1", "2", "3"],
      stderr,
    );
  } finally {
    closeSync(directory);
  }
});
