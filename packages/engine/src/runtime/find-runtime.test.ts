import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { findRuntime, unfitness } from "./find-runtime.ts";

test("crun does not fit where both versions of cgroups are mounted and version 2 has controllers", (t) => {
  const cgroups = temporaryDirectory(t);
  assert.equal(unfitness("crun", cgroups), undefined);
  mkdirSync(join(cgroups, "unified"));
  const controllers = join(cgroups, "unified/cgroup.controllers");
  writeFileSync(controllers, "\n");
  assert.equal(unfitness("crun", cgroups), undefined);
  writeFileSync(controllers, "hugetlb rdma\n");
  assert.match(unfitness("crun", cgroups) ?? "", /version 2 has controllers \(hugetlb rdma\)/);
  assert.equal(unfitness("runc", cgroups), undefined);
});

test("a runtime that was asked for and is not there is missing, whatever else there is", () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nonexistent";
  try {
    // Debian has crun in /usr/bin, which is not among the directories that are always looked in.
    assert.throws(() => findRuntime("crun"), { code: "RUNTIME_MISSING", kind: "host" });
  } finally {
    process.env["PATH"] = path;
  }
});
