import assert from "node:assert/strict";
import { test } from "node:test";
import { Attempts, parseRetryAfter, PassingFault } from "./attempts.ts";

const fault = (retryAfter?: number): PassingFault => new PassingFault("UNREACHABLE", "broke", { retryAfter });

test("a passing fault is thrown when no try is left", async () => {
  const attempts = new Attempts({ tries: 3, firstPause: 0 });
  await attempts.again(fault());
  await attempts.again(fault());
  const last = fault();
  await assert.rejects(attempts.again(last), (error) => error === last);
});

test("progress makes the next fault the first one", async () => {
  const attempts = new Attempts({ tries: 2, firstPause: 0 });
  for (let faults = 0; faults < 5; faults++) {
    // oxlint-disable-next-line no-await-in-loop
    await attempts.again(fault());
    attempts.progressed();
  }
});

test("a fault that does not pass is thrown at once", async () => {
  const error = new Error("wrong");
  await assert.rejects(new Attempts({ firstPause: 0 }).again(error), (thrown) => thrown === error);
});

test("a registry that asks for more patience than there is ends the work", async () => {
  const long = fault(3600);
  await assert.rejects(new Attempts({ longestPause: 60 }).again(long), (thrown) => thrown === long);
});

test("an aborted wait throws the signal's reason", async () => {
  const abort = new AbortController();
  const waiting = new Attempts({ firstPause: 1000, longestPause: 1000 }, abort.signal).again(fault());
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});

test("Retry-After is a number of seconds or a date", () => {
  const now = Date.parse("2026-11-23T10:00:00Z");
  assert.equal(parseRetryAfter("7", now), 7);
  assert.equal(parseRetryAfter("Mon, 23 Nov 2026 10:00:30 GMT", now), 30);
  assert.equal(parseRetryAfter("Mon, 23 Nov 2026 09:00:00 GMT", now), 0);
  assert.equal(parseRetryAfter("soon", now), undefined);
  assert.equal(parseRetryAfter(undefined, now), undefined);
});

test("a passing fault asks for exit status 75 under the public class's name", () => {
  assert.equal(fault().kind, "passing");
  assert.equal(fault().name, "TransportError");
});
