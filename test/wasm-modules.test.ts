import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";

import { compiled, WASM_MODULES } from "../scripts/wasm.ts";

for (const module of WASM_MODULES) {
  test(`the module in the source is what the compiler makes of ${dirname(module.entry)}`, async () => {
    const file = new URL(`../${module.target}`, import.meta.url);
    assert.equal(readFileSync(file, "utf8"), await compiled(module));
  });
}
