import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isFault } from "@cooper/sys";
import { makeStep } from "../graph/step.ts";
import { BASE, sh, site } from "./site.fixture.ts";

test("a step that fails tells its command, its status and the end of what it printed, and leaves nothing", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const last = sh("echo one; echo two >&2; touch /half; exit 7");
  await assert.rejects(here.build(last), (error: Error) => {
    assert.match(error.message, /ended with status 7/);
    assert.match(error.message, /one\n(.*\n)*two|two\n(.*\n)*one/);
    return true;
  });
  assert.deepEqual(
    readdirSync(join(here.home, "build")).filter((name) => name.startsWith("upper-")),
    [],
  );
  assert.deepEqual(readdirSync(join(here.home, "containers")), []);
  await assert.rejects(here.build(last), { code: "STEP_FAILED" }); // a failure is not remembered as done
});

test("a step that takes too long, forks without end, or leaves daemons behind is ended with all its processes", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  await assert.rejects(here.build(sh("sleep 600 & sleep 600", [BASE], { limits: { time: 1 } })), {
    code: "STEP_TIMEOUT",
  });
  const bomb = sh("f() { f | f & }; f; sleep 600", [BASE], { limits: { time: 2, processes: 20 } });
  await assert.rejects(here.build(bomb));
  await here.build(sh("sleep 4321 & touch /done"));
  const left = execFileSync("sh", ["-c", "ps ax -o args= | grep -c '[s]leep 4321' || true"])
    .toString()
    .trim();
  assert.equal(left, "0");
});

test("cancelling ends the command at once", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const abort = new AbortController();
  const building = here.build(sh("echo ready; sleep 600"), {
    signal: abort.signal,
    onEvent: (event) => {
      if (event.type === "step-output") abort.abort(new Error("enough"));
    },
  });
  await assert.rejects(building, /enough/);
  assert.deepEqual(readdirSync(join(here.home, "containers")), []);
});

test("a long log passes through, and only its end is in the message of a failure", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  let length = 0;
  const last = sh("i=0; while test $i -lt 20000; do echo line $i; i=$((i+1)); done; exit 3");
  const building = here.build(last, {
    onEvent: (event) => {
      if (event.type === "step-output") length += event.text.length;
    },
  });
  await assert.rejects(building, (error: Error) => {
    assert.match(error.message, /line 19999$/);
    assert.ok(error.message.length < 5000);
    return true;
  });
  assert.equal(length, Array.from({ length: 20_000 }, (_, at) => `line ${at}\n`).join("").length);
});

test("a failing step's command and status are in words, and where a shell can be had", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const building = here.build(sh("echo on the way; exec /bin/missing", [BASE], { label: "install" }));
  await assert.rejects(building, (error: Error) => {
    assert.match(error.message, /^the step "install" ended with status 127 \(a program was not found\)\n/);
    assert.match(error.message, /Its command, in \/: \/bin\/sh -euc 'echo on the way; exec \/bin\/missing'/);
    assert.match(error.message, /The end of what it printed:\non the way\n/);
    assert.ok(isFault(error, "STEP_FAILED"));
    assert.match(error.advice ?? "", /--debug-on-failure/);
    assert.equal(error.fields["status"], 127);
    return true;
  });
});

test("what a step writes to both of its streams comes in the order in which it was written", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  let heard = "";
  await here.build(sh("for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done", [BASE]), {
    onEvent: (event) => {
      if (event.type === "step-output") heard += event.text;
    },
  });
  assert.equal(heard, [1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => `out ${at}\nerr ${at}\n`).join(""));
});

test("what a step prints just before it ends is heard to the last line", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const line = "a line of forty characters, to the letter";
  const script = `i=0; while [ $i -lt 1000 ]; do echo "$i ${line}"; i=$((i+1)); done; exit 3`;
  await assert.rejects(here.build(sh(script, [BASE])), (error: Error) => {
    assert.match(error.message, new RegExp(`\\n999 ${line}$`));
    return true;
  });
});

test("a memory hog is told of as one, and so is what starts too many processes", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const hog = sh("x=0123456789; while true; do x=$x$x; done", [BASE], { limits: { memory: 64 * 2 ** 20 } });
  await assert.rejects(here.build(hog), {
    message: /status 137 \(SIGKILL\): it ran out of memory: .* its limit of 64 MiB/,
  });
  const bomb = sh("for i in 1 2 3 4 5 6 7 8; do sleep 600 & done; exit 9", [BASE], {
    limits: { processes: 5 },
  });
  await assert.rejects(here.build(bomb), { message: /it reached its limit of processes/ });
});

test("when a step fails, those beside it are ended, and only it is told of", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const meeting = { kind: "cache", id: "meeting", target: "/meet", sharing: "shared" } as const;
  const slow = sh("touch /meet/here; sleep 4322", [BASE], { mounts: [meeting] });
  const failing = sh("while ! test -e /meet/here; do sleep 0.05; done; exit 3", [BASE], {
    mounts: [meeting],
  });
  await assert.rejects(here.build(makeStep({ kind: "merge" }, [slow, failing]), { parallel: 2 }), {
    message: /ended with status 3/,
  });
  assert.deepEqual(
    here.events.flatMap(({ type, step }) => (type === "step-stopped" ? [step.digest] : [])),
    [slow.digest],
  );
  assert.deepEqual(readdirSync(join(here.home, "containers")), []);
  assert.equal(
    execFileSync("sh", ["-c", "ps ax -o args= | grep -c '[s]leep 4322' || true"]).toString().trim(),
    "0",
  );
});
