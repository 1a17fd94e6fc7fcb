import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requireProgram, run } from "@cooper/test";
import { makeFiles, workshop } from "./test-support/cooper.ts";

test("commands, flags and references are completed", async (t) => {
  const { directory, answer } = workshop(t);
  makeFiles(directory, "files", { a: "a" });
  await answer("by-hand", "files", "--quiet", "-t", "hello:v1");
  const words = async (...line: readonly string[]): Promise<readonly string[]> =>
    (await answer("__complete", ...line)).split("\n").map((proposal) => proposal.split("\t")[0] ?? "");
  assert.deepEqual(await words("by"), ["by-hand"]);
  assert.deepEqual(await words("index", "a"), ["append"]);
  assert.deepEqual(await words("inspect", "--pl"), ["--platform"]);
  assert.deepEqual(await words("completion", "f"), ["fish"]);
  assert.deepEqual(await words("inspect", "hel"), ["hello:v1"]);
});

for (const shell of ["bash", "zsh", "fish"]) {
  test(`what ${shell} is given is good ${shell}`, async (t) => {
    const { directory, answer } = workshop(t);
    writeFileSync(join(directory, "script"), `${await answer("completion", shell)}\n`);
    const program = requireProgram(t, shell);
    if (program === undefined) return;
    const finished = await run(program, ["-n", "script"], { cwd: directory });
    assert.equal(finished.stderr, "");
  });
}
