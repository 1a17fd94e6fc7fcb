import assert from "node:assert/strict";
import { test } from "node:test";

import { BlockPool, giveBack, lend } from "./reuse.ts";

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

test("a pool gives a block again, whole, when a part of it came back, and keeps only some", () => {
  const pool = new BlockPool(64);
  const first = pool.take();
  pool.giveBack(first.subarray(16, 32));
  const again = pool.take();
  assert.equal(again.buffer, first.buffer);
  assert.equal(again.length, 64);
  const blocks = Array.from({ length: 100 }, pool.take);
  for (const block of blocks) pool.giveBack(block);
  const reused = Array.from({ length: 100 }, pool.take).filter((block) =>
    blocks.some(({ buffer }) => buffer === block.buffer),
  );
  assert.ok(reused.length > 0 && reused.length < 50, `${reused.length}`);
});
