import assert from "node:assert/strict";
import { test } from "node:test";

import { giveBack, lend } from "./reuse.ts";

test("lent memory goes back once, and only as the chunk that was lent", () => {
  const back: Uint8Array[] = [];
  const chunk = lend(new Uint8Array(8), (lent) => back.push(lent));
  giveBack(chunk.subarray(0, 4));
  giveBack(new Uint8Array(8));
  assert.deepEqual(back, []);
  giveBack(chunk);
  giveBack(chunk);
  assert.equal(back.length, 1);
  assert.equal(back[0], chunk);
});
