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
  processes: 20,
  memory: 2 ** 26,
  privilege: "root",
};

interface Parts {
  readonly process: { readonly rlimits?: unknown };
  readonly linux: { readonly resources?: { readonly pids: unknown; readonly memory: unknown } };
}

function partsOf(input: SpecificationInput): Parts {
  return JSON.parse(JSON.stringify(runtimeSpecification(input)));
}

test("as root, limits are those of cgroups", () => {
  const { process, linux } = partsOf(INPUT);
  assert.deepEqual(linux.resources?.pids, { limit: 20 });
  assert.deepEqual(linux.resources?.memory, { limit: 2 ** 26 });
  assert.equal(process.rlimits, undefined);
});

test("in a user namespace, where there are no cgroups, processes are limited all the same", () => {
  const { process, linux } = partsOf({ ...INPUT, privilege: "user-namespace" });
  assert.equal(linux.resources, undefined);
  assert.deepEqual(process.rlimits, [{ type: "RLIMIT_NPROC", hard: 20, soft: 20 }]);
});
