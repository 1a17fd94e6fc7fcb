import assert from "node:assert/strict";
import { test } from "node:test";
import { initOf } from "./init.ts";
import type { Deploy, Plan } from "./plan.ts";

function planOf(deploy: Partial<Deploy>, provider: string): Plan {
  const whole = { root: [], copies: [], command: ["a"], ...deploy };
  return { version: 1, providers: [provider], steps: {}, deploy: whole };
}

/** What a plan starts, and whether something has to stand before it. */
const CASES: readonly [Partial<Deploy>, "before it" | "nothing", string?][] = [
  [{ command: ["node", "server.js"] }, "before it"],
  [{ command: ["/bin/sh", "-c", "a; b"] }, "before it"],
  [{ command: ["/bin/sh", "-c", "exec python3 -m flask run --port $PORT"] }, "before it"],
  [{ command: ["/bin/sh", "-c", "A=b; exec gunicorn --bind 0.0.0.0:$PORT shop"] }, "nothing"],
  [{ command: ["python3", "-m", "uvicorn", "main:app"] }, "nothing"],
  [{ command: ["/usr/lib/jvm/bin/java", "-jar", "a.jar"] }, "nothing"],
  [{ command: ["python3", "a.py"], stopSignal: "SIGINT" }, "nothing"],
  [{ command: ["/app/bin/shop"] }, "nothing", "go"],
  [{ command: ["/app/bin/shop"] }, "before it", "rust"],
  [{ command: ["node", "a.js"], init: "none" }, "nothing"],
  [{ command: ["java"], init: "tini" }, "before it"],
];

for (const [deploy, expected, provider = "node"] of CASES) {
  test(`${JSON.stringify(deploy)} of ${provider} has ${expected === "nothing" ? "nothing" : "an init"} before it`, () => {
    assert.equal(initOf(planOf(deploy, provider)) === undefined ? "nothing" : "before it", expected);
  });
}
