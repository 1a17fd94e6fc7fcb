import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { documents } from "../packages/cli/src/documents.ts";

const root = join(import.meta.dirname, "..");

test("docs/commands.md, docs/errors.md and docs/schemas say what the sources say: else run node scripts/docs.ts", async () => {
  const expected = await documents();
  for (const [path, text] of expected) {
    assert.equal(readFileSync(join(root, path), "utf8"), text, path);
  }
  const schemas = readdirSync(join(root, "docs/schemas")).map((name) => `docs/schemas/${name}`);
  assert.deepEqual(
    schemas.toSorted(),
    [...expected.keys()].filter((path) => path.startsWith("docs/schemas/")).toSorted(),
  );
});
