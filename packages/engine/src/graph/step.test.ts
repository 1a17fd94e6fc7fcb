import assert from "node:assert/strict";
import { test } from "node:test";
import { drawGraph, dumpGraph } from "./dump.ts";
import type { ExecOperation } from "./operation.ts";
import { makeStep, stepsOf } from "./step.ts";

const BASE = makeStep({
  kind: "image",
  reference: "apt:nodejs",
  platform: { os: "linux", architecture: "amd64" },
  pinned: "packages 1",
});
const SOURCE = makeStep({ kind: "local", name: "source", include: [], exclude: ["node_modules"] });
const INSTALL: ExecOperation = {
  kind: "exec",
  command: ["npm", "ci"],
  environment: { CI: "1", A: "2" },
  directory: "/app",
  network: "host",
  mounts: [{ kind: "cache", id: "npm", target: "/root/.npm", sharing: "shared" }],
};

test("a step's digest is of what it does and of its inputs", () => {
  const step = makeStep(INSTALL, [BASE]);
  assert.equal(makeStep({ ...INSTALL, environment: { A: "2", CI: "1" } }, [BASE]).digest, step.digest);
  for (const change of [
    makeStep({ ...INSTALL, command: ["npm", "install"] }, [BASE]),
    makeStep({ ...INSTALL, network: "none" }, [BASE]),
    makeStep({ ...INSTALL, environment: {} }, [BASE]),
    makeStep(INSTALL, [makeStep({ kind: "merge" }, [BASE])]),
  ]) {
    assert.notEqual(change.digest, step.digest);
  }
});

test("a label, limits, the host's configuration and the id of a cache change no digest", () => {
  const step = makeStep(INSTALL, [BASE]);
  const same = makeStep(
    {
      ...INSTALL,
      label: "install",
      limits: { memory: 1 },
      configuration: ["npm"],
      mounts: [{ kind: "cache", id: "other", target: "/root/.npm", sharing: "locked" }],
    },
    [BASE],
  );
  assert.equal(same.digest, step.digest);
});

test("a step has the inputs that its kind takes", () => {
  assert.throws(() => makeStep(INSTALL), { code: "GRAPH_INVALID" });
  assert.throws(() => makeStep({ kind: "merge" }), { code: "GRAPH_INVALID" });
  assert.throws(() => makeStep({ kind: "local", name: "a", include: [], exclude: [] }, [BASE]), {
    code: "GRAPH_INVALID",
  });
});

test("a graph is dumped with every step once, inputs first, and drawn as a tree", () => {
  const copied = makeStep(
    { kind: "copy", copies: [{ source: "package.json", target: "app/package.json" }] },
    [BASE, SOURCE],
  );
  const last = makeStep({ kind: "merge" }, [makeStep(INSTALL, [copied]), copied]);
  const dump = dumpGraph(last);
  assert.deepEqual(
    dump.steps.map(({ operation }) => operation.kind),
    ["image", "local", "copy", "exec", "merge"],
  );
  assert.deepEqual(
    dump.steps.at(-1)?.inputs,
    last.inputs.map(({ digest }) => digest),
  );
  assert.equal(stepsOf(last).length, 5);
  assert.equal(
    drawGraph(last),
    `5 put upon each other
├─ 4 npm ci
│  └─ 3 copy package.json to app/package.json
│     ├─ 1 image apt:nodejs
│     └─ 2 files of source
└─ 3 copy package.json to app/package.json …`,
  );
});

test("a graph of many steps, one on the other, is no problem, nor one that doubles with each step", () => {
  let deep = BASE;
  let wide = BASE;
  for (let count = 0; count < 20_000; count++) {
    deep = makeStep({ ...INSTALL, command: [String(count)] }, [deep]);
    if (count < 200) wide = makeStep({ kind: "merge" }, [wide, wide]);
  }
  assert.equal(dumpGraph(deep).steps.length, 20_001);
  assert.equal(dumpGraph(wide).steps.length, 201);
  assert.equal(drawGraph(wide).split("\n").length, 401);
});

test("a drawing is one line a step, whatever a step is called", () => {
  const label = "install\n\u001b[31mdependencies\u202e";
  assert.equal(
    drawGraph(makeStep({ ...INSTALL, label }, [BASE])).split("\n")[0],
    "2 install [31mdependencies ",
  );
});
