import assert from "node:assert/strict";
import { test } from "node:test";
import { runtimeSpecification, type SpecificationInput } from "./specification.ts";

const INPUT: SpecificationInput = {
  process: { args: ["/bin/true"], env: [], cwd: "/", user: { uid: 0, gid: 0, additionalGids: [] } },
  hostname: "test",
  terminal: "none",
  root: "read-write",
  network: "none",
  volumes: [],
  files: [],
  limits: { rlimits: [] },
  privilege: "root",
};

test("limits are those of the runtime's cgroups, or of each process where there can be none", () => {
  const resources = { pids: { limit: 20 }, memory: { limit: 2 ** 26 } };
  const own = runtimeSpecification({ ...INPUT, limits: { resources, rlimits: [] } });
  assert.deepEqual(own.linux.resources, resources);
  assert.equal(own.process.rlimits, undefined);
  const rlimits = [{ type: "RLIMIT_NPROC", hard: 20, soft: 20 }] as const;
  const others = runtimeSpecification({ ...INPUT, limits: { rlimits } });
  assert.equal(others.linux.resources, undefined);
  assert.deepEqual(others.process.rlimits, rlimits);
});
