import assert from "node:assert/strict";
import { test } from "node:test";
import { buildWorkshop } from "../test-support/busybox-plan.ts";

test("cooper cache lists and counts what builds keep, and prunes it", async (t) => {
  const shop = await buildWorkshop(t);
  if (shop === undefined) return;
  shop.plan(["mkdir /out; echo 1 > /out/file"]);
  const args = ["build", "--plan", "plan.json", "source", "-t", "a"];
  const digest = await shop.answer(...args);
  const list = await shop.answer("cache", "ls");
  assert.match(list, /^KIND +ID +SIZE +USED +WHAT\n/);
  assert.match(list, /\nstep +[0-9a-f]{12} +\d.* ago +made: mkdir \/out; echo 1 > \/out\/file$/m);
  assert.match(await shop.answer("cache", "du"), /\nbuild\/step +2 +\d/);
  assert.match(await shop.answer("cache", "prune"), /^freed \d/);
  assert.equal(await shop.answer("cache", "ls"), "");
  assert.equal(await shop.answer(...args), digest);
});
