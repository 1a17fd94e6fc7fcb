import assert from "node:assert/strict";
import { test } from "node:test";
import { graphOfPlan } from "./graph.ts";
import type { Plan } from "./plan.ts";

const OPTIONS = {
  platform: { os: "linux", architecture: "amd64" },
  pinned: new Map<string, string>(),
  ignored: [],
  secrets: [],
} as const;

const PLAN: Plan = {
  version: 1,
  providers: ["go"],
  steps: {
    toolchain: { root: ["apt:golang"], commands: [["fetch"]] },
    build: {
      root: ["apt:dash"],
      mounts: [{ from: "toolchain", source: "/usr/local/go", target: "/opt/go" }],
      commands: [["compile"], ["strip"]],
    },
  },
  deploy: {
    root: [],
    copies: [{ from: "build", source: "/out", target: "." }],
    command: ["/app"],
  },
};

test("files of another step are an input of each command, and not under it", () => {
  const [copy] = graphOfPlan(PLAN, OPTIONS).inputs;
  const strip = copy?.inputs[0];
  assert.ok(strip?.operation.kind === "exec");
  const [compile, toolchain] = strip.inputs;
  assert.deepEqual(strip.operation.mounts?.[0], {
    kind: "input",
    input: 1,
    path: "/usr/local/go",
    target: "/opt/go",
  });
  assert.equal(compile?.inputs[1]?.digest, toolchain?.digest);
  assert.ok(compile?.inputs[0]?.operation.kind === "image");
});

test("an image may have nothing under its application", () => {
  const last = graphOfPlan(PLAN, OPTIONS);
  assert.deepEqual(
    last.inputs.map(({ operation }) => operation.kind),
    ["copy"],
  );
  assert.throws(
    () =>
      graphOfPlan(
        {
          ...PLAN,
          steps: {
            ...PLAN.steps,
            build: {
              root: ["apt:dash"],
              mounts: [{ from: "x", source: "/", target: "/x" }],
              commands: [["a"]],
            },
          },
        },
        OPTIONS,
      ),
    { code: "PLAN_INVALID", message: /build names the step x/ },
  );
});
