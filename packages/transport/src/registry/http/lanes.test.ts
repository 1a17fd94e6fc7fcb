import assert from "node:assert/strict";
import { test } from "node:test";
import { Lane } from "./lanes.ts";

test("no more get in than the limit, and the next in turn gets in when one leaves", async () => {
  const lane = new Lane(2);
  const entered: number[] = [];
  const enter = async (who: number): Promise<() => void> => {
    const leave = await lane.enter();
    entered.push(who);
    return leave;
  };
  const [first] = await Promise.all([enter(1), enter(2)]);
  const third = enter(3);
  const fourth = enter(4);
  await Promise.resolve();
  assert.deepEqual(entered, [1, 2]);
  first();
  first(); // harmless
  const leaveThird = await third;
  assert.deepEqual(entered, [1, 2, 3]);
  leaveThird();
  await fourth;
  assert.deepEqual(entered, [1, 2, 3, 4]);
});

test("who gives up while waiting takes no place", async () => {
  const lane = new Lane(1);
  const leave = await lane.enter();
  const abort = new AbortController();
  const waiting = lane.enter(abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  leave();
  (await lane.enter())();
});
