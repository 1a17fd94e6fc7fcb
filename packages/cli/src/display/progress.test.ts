import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveProgress } from "./live.ts";
import { PlainProgress } from "./plain.ts";
import { Rate, endedLine, runningLine } from "./progress.ts";

test("a running line tells bytes, total, rate and what is left", () => {
  const task = { id: "1", label: "layer abc", state: "running", bytes: 50e6, total: 100e6 } as const;
  const line = runningLine(task, 10e6, 100);
  assert.match(line, /layer abc {2}\[={10} {10}\] {2}50\.0 MB \/ 100 MB {2}10\.0 MB\/s {2}5\.0 s left/);
});

test("a running line gives up its parts rather than its width", () => {
  const task = { id: "1", label: "layer 0123456789ab", state: "running", bytes: 5e6, total: 1e8 } as const;
  for (const width of [10, 20, 30, 45, 60, 80, 120]) {
    assert.ok(runningLine(task, 1e6, width).length <= width, String(width));
  }
});

test("a step that runs tells for how long, and the last line that it printed", () => {
  const task = { id: "1", label: "npm ci", state: "running", note: "added 69 packages" } as const;
  assert.equal(runningLine(task, 0, 100, 12), "npm ci  12 s  added 69 packages");
  assert.equal(runningLine(task, 0, 20, 12), "npm ci  12 s  added…");
});

test("of a step with a long name, for how long it runs and what it said last are still seen", () => {
  const label = `build: ${"a long command; ".repeat(10)}`;
  const task = { id: "1", label, state: "running", note: "half done" } as const;
  assert.match(runningLine(task, 0, 70, 12), /^build: a long .+…  12 s  half done$/);
  assert.match(runningLine({ ...task, note: "x".repeat(200) }, 0, 70, 12), /^build: a .+…  12 s  x+…$/);
  for (const width of [10, 30, 70]) assert.ok(runningLine(task, 0, width, 12).length <= width);
});

test("a rate forgets how fast it went long ago", () => {
  const rate = new Rate(0, 0);
  assert.equal(rate.sample(1000, 1e6), 1e6);
  let latest = 0;
  for (let second = 2; second <= 20; second++) latest = rate.sample(second * 1000, 1e6 + (second - 1) * 2e6);
  assert.ok(Math.abs(latest - 2e6) < 1e4, String(latest));
});

test("an ended line tells how much and how it went", () => {
  const rate = new Rate(0, 0);
  const task = { id: "1", label: "layer abc", bytes: 1e6 } as const;
  assert.equal(endedLine({ ...task, state: "done" }, rate, 2000), "layer abc  1.00 MB  500 kB/s");
  assert.equal(
    endedLine({ ...task, state: "done", note: "exists" }, new Rate(0, 0), 10),
    "layer abc  1.00 MB  exists",
  );
  assert.equal(endedLine({ ...task, state: "failed" }, rate, 100), "layer abc  1.00 MB  failed");
  assert.equal(endedLine({ ...task, state: "stopped" }, rate, 100), "layer abc  1.00 MB  stopped");
});

test("a terminal shows the running lines in place, and gets its cursor back", () => {
  let screen = "";
  const live = new LiveProgress({ write: (text) => (screen += text), columns: 60, rows: 10 });
  live.update({ id: "1", label: "one", state: "running", bytes: 1, total: 10 });
  live.note("a note");
  live.update({ id: "1", label: "one", state: "done", bytes: 10, total: 10 });
  live.close();
  assert.ok(screen.startsWith("\u001b[?25l"));
  assert.ok(screen.endsWith("\u001b[?25h"));
  assert.match(screen, /a note\n/);
  assert.ok(screen.includes("\u001b[1A\r\u001b[2Kone  10 B\n\u001b[0J"));
});

test("while the screen is somebody else's nothing is drawn and the cursor is theirs; what happened comes after", () => {
  let screen = "";
  const live = new LiveProgress({ write: (text) => (screen += text), columns: 60, rows: 10 });
  live.update({ id: "1", label: "one", state: "running" });
  live.note("a note");
  const takeBack = live.handOver();
  assert.ok(screen.endsWith("\u001b[0J\u001b[?25h"), JSON.stringify(screen));
  const before = screen;
  live.update({ id: "2", label: "two", state: "running" });
  live.note("later");
  live.update({ id: "1", label: "one", state: "stopped" });
  assert.equal(screen, before);
  takeBack();
  live.close();
  assert.match(screen.slice(before.length), /later\n.*one  stopped\n/s);
});

test("what is printed in between is not drawn over", () => {
  let screen = "";
  const live = new LiveProgress({ write: (text) => (screen += text), columns: 60, rows: 10 });
  live.update({ id: "1", label: "one", state: "running", bytes: 1, total: 10 });
  live.note("draws");
  live.update({ id: "1", label: "one", state: "done", bytes: 10, total: 10 });
  live.clear();
  screen += "the answer\n";
  live.close();
  assert.ok(screen.includes("\u001b[1A\r\u001b[2Kone  10 B\n\u001b[0Jthe answer\n\u001b[?25h"), screen);
});

test("a log gets one plain line for each task that ends", () => {
  let log = "";
  const plain = new PlainProgress((text) => (log += text));
  plain.update({ id: "1", label: "one", state: "running", bytes: 0, total: 10 });
  plain.update({ id: "1", label: "one", state: "running", bytes: 5, total: 10 });
  plain.update({ id: "1", label: "one", state: "done", bytes: 10, total: 10 });
  plain.note("a note");
  plain.close();
  assert.equal(log, "one  10 B\na note\n");
});
