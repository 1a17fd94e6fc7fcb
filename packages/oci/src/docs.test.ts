import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run, temporaryDirectory } from "@cooper/test";
import * as oci from "./index.ts";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/model.md"), "utf8");

test("the example of docs/model.md runs, and gives a valid image of a directory", async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "hello"), "hello, world");
  const example = /```ts\n(.*?)```/s.exec(page)?.[1] ?? "";
  const { stdout } = await run(
    process.execPath,
    [
      "--conditions=@cooper/source",
      "--input-type=module-typescript",
      "--eval",
      example,
      "--",
      "example.ts",
      directory,
    ],
    { cwd: join(root, "packages/oci") },
  );
  const [mismatches, digest, ...entries] = stdout.trim().split("\n");
  assert.equal(mismatches, "[]");
  assert.match(digest ?? "", /^sha256:[0-9a-f]{64}$/);
  assert.ok(entries.includes("hello 12"), stdout);
});

test("docs/model.md names only functions that there are", () => {
  const named = new Set(
    [...page.matchAll(/`(with\w+|make\w+|complete\w+|\w+Platform|validate|append|rebase|extract)\b/g)].map(
      ([, name]) => name,
    ),
  );
  for (const name of named) assert.ok(name !== undefined && name in oci, name);
  assert.ok(named.size > 15);
});
