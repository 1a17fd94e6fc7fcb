import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Abandoned, Flights } from "./flights.ts";
import type { Flight } from "./flights.ts";

interface Landing extends Flight {
  readonly land: () => void;
}

function departures(): {
  readonly started: AbortSignal[];
  start(signal: AbortSignal): Landing;
} {
  const started: AbortSignal[] = [];
  return {
    started,
    start: (signal) => {
      started.push(signal);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      promise.catch(() => {});
      return { done: promise, land: resolve };
    },
  };
}

test("however many board, one flight starts; after it has landed the next one does", async () => {
  const flights = new Flights<Landing>({ lingerSeconds: 60 });
  const { started, start } = departures();
  const boarded = Array.from({ length: 50 }, () => flights.board("a", start));
  assert.equal(started.length, 1);
  assert.equal(flights.waiting("a"), 50);
  boarded[0]?.flight.land();
  await boarded[0]?.flight.done;
  for (const { leave } of boarded) leave();
  assert.equal(flights.waiting("a"), 0);
  const again = flights.board("a", start);
  assert.equal(started.length, 2);
  again.flight.land();
  await again.flight.done;
  assert.equal(started[0]?.aborted, false);
});

test("what nobody waits for is stopped after a while, unless somebody comes back", async () => {
  const flights = new Flights<Landing>({ lingerSeconds: 0.02 });
  const { started, start } = departures();
  const first = flights.board("a", start);
  first.leave();
  first.leave(); // twice is once
  const second = flights.board("a", start);
  await pause(60);
  assert.equal(started[0]?.aborted, false, "the second one waits still");
  second.leave();
  await assert.rejects(second.flight.done, Abandoned);
  assert.equal(flights.waiting("a"), 0);
});

test("closing stops what is under way, and waits for it", async () => {
  const flights = new Flights<Landing>({ lingerSeconds: 60 });
  const { started, start } = departures();
  flights.board("a", start);
  flights.board("b", start);
  assert.equal(flights.stop("c", new Error("stop")), false);
  await flights.close(new Error("the end"));
  assert.deepEqual(
    started.map(({ aborted }) => aborted),
    [true, true],
  );
});
