import assert from "node:assert/strict";
import { test } from "node:test";
import { AtOnce } from "./at-once.ts";

test("work that is begun while it runs is done once, and again afterwards", async () => {
  const shared = new AtOnce<number>();
  let done = 0;
  const work = async (): Promise<number> => await Promise.resolve(++done);
  const both = await Promise.all([shared.once("a", work, {}), shared.once("a", work, {})]);
  assert.deepEqual(
    [both, await shared.once("b", work, {}), await shared.once("a", work, {})],
    [[1, 1], 2, 3],
  );
});

test("whoever waits for work that fails does it itself, unless it is stopped", async () => {
  const shared = new AtOnce<string>();
  const stopped = new Error("stopped");
  const failing = shared.once(
    "a",
    async () => await Promise.reject(new Error("whoever began was stopped")),
    {},
  );
  const own = shared.once("a", async () => await Promise.resolve("own"), {});
  const ended = shared.once("a", async () => await Promise.resolve("never"), {
    signal: AbortSignal.abort(stopped),
  });
  await assert.rejects(failing, /whoever began/);
  assert.equal(await own, "own");
  await assert.rejects(ended, stopped);
});
