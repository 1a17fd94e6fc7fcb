import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import type { Log, LogOptions } from "./log.ts";

function logTo(lines: string[], options: Partial<LogOptions> = {}): Log {
  return createLog({
    format: "json",
    level: "info",
    write: (line) => lines.push(line),
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    ...options,
  });
}

const ATTACK = 'a\n{"level":"error"}\u001b[2J ü"';

test("JSON is one object a line, also with what a client made up", () => {
  const lines: string[] = [];
  const log = logTo(lines);
  const fault = new Error("outer", { cause: Object.assign(new Error("inner"), { code: "ENOSPC" }) });
  log("warn", "something", { path: ATTACK, fault, none: undefined });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^[^\n]*\n$/);
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    time: "2026-01-02T03:04:05.000Z",
    level: "warn",
    message: "something",
    path: ATTACK,
    fault: "outer: inner [ENOSPC]",
  });
});

test("plain lines are for people, and stay one line of printable letters", () => {
  const lines: string[] = [];
  logTo(lines, { format: "plain" })("warn", "something", { status: 200, path: ATTACK, gone: undefined });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /warn: something status=200 path="a\\n.*"\n$/);
  const path = lines[0]?.slice(lines[0].indexOf("path=")) ?? "";
  assert.ok(!path.includes("\u001b") && !path.includes("ü"), path);
});

test("what matters less than the level is left out", () => {
  const lines: string[] = [];
  const log = logTo(lines, { level: "warn" });
  for (const level of ["debug", "info", "warn", "error"] as const) log(level, level);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).level),
    ["warn", "error"],
  );
});
