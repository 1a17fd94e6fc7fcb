import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { compiled } from "../scripts/deflate.ts";

const MODULE = new URL("../packages/archive/src/compression/deflate/module.ts", import.meta.url);

test("the module in the source is what the compiler makes of packages/archive/deflate", async () => {
  assert.equal(readFileSync(MODULE, "utf8"), await compiled());
});
