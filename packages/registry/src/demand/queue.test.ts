import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Queue } from "./queue.ts";
import type { QueueLimits } from "./queue.ts";

const LIMITS: QueueLimits = { running: 2, waiting: 2, perVisitor: 3, memoryBytes: Infinity };
const { signal: never } = new AbortController();

interface Task {
  readonly ended: Promise<void>;
  readonly begun: () => boolean;
  readonly end: () => void;
}

function add(queue: Queue, visitor: string, signal: AbortSignal = never): Task {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = false;
  const ended = queue.admit(visitor).run(async () => {
    begun = true;
    await promise;
  }, signal);
  ended.catch(() => {});
  return { ended, begun: () => begun, end: resolve };
}

test("so many go on, the next ones wait in their order, and more are refused", async () => {
  const queue = new Queue("images are being made", LIMITS);
  const tasks = ["a", "b", "c", "d"].map((visitor) => add(queue, visitor));
  await turn();
  assert.deepEqual(
    tasks.map(({ begun }) => begun()),
    [true, true, false, false],
  );
  assert.throws(() => queue.admit("e"), {
    code: "TOOMANYREQUESTS",
    status: 429,
    headers: { "Retry-After": "10" },
  });
  tasks[1]?.end();
  await tasks[1]?.ended;
  await turn();
  assert.deepEqual(
    tasks.map(({ begun }) => begun()),
    [true, true, true, false],
  );
  for (const { end } of tasks) end();
  await Promise.all(tasks.map(async ({ ended }) => await ended));
  assert.equal(queue.running, 0);
});

test("one visitor cannot take all places, and gets them back", async () => {
  const queue = new Queue("images are being made", { ...LIMITS, running: 10, perVisitor: 1 });
  const first = add(queue, "a");
  assert.throws(() => queue.admit("a"), /no more than 1 may/);
  const other = add(queue, "b");
  first.end();
  await first.ended;
  const again = add(queue, "a");
  again.end();
  other.end();
  await Promise.all([again.ended, other.ended]);
});

test("who gives up gives his place up, and a failure is one end of work", async () => {
  const queue = new Queue("images are being made", { ...LIMITS, running: 1 });
  const controller = new AbortController();
  const first = add(queue, "a");
  const waiting = add(queue, "b", controller.signal);
  controller.abort(new Error("gone"));
  await assert.rejects(waiting.ended, /gone/);
  assert.equal(queue.waiting, 0);
  first.end();
  await first.ended;
  await assert.rejects(
    queue.admit("c").run(async () => await Promise.reject(new Error("failed")), never),
    /failed/,
  );
  assert.equal(queue.running, 0);
});

test("with its memory used up it begins one thing at a time", async () => {
  const queue = new Queue("images are being made", { ...LIMITS, memoryBytes: 1 });
  const [first, second] = [add(queue, "a"), add(queue, "b")];
  await turn();
  assert.deepEqual([first.begun(), second.begun()], [true, false]);
  first.end();
  await first.ended;
  await turn();
  assert.equal(second.begun(), true);
  second.end();
  await second.ended;
});
