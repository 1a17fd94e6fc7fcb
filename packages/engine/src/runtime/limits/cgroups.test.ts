import assert from "node:assert/strict";
import { test } from "node:test";
import { planCgroups } from "./cgroups.ts";

const RESOURCES = { memory: { limit: 2 ** 26 }, pids: { limit: 20 } };
const ONE = {
  membership: "8:pids:/\n4:memory:/a/b\n0::/\n",
  mounts: `30 29 0:1 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
31 29 0:2 /a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 29 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
};

function directoriesOf(membership: string, mounts: string): readonly string[] {
  return planCgroups("x", RESOURCES, { membership, mounts }).cgroups.map(({ directory }) => directory);
}

test("of version 1, each controller has a cgroup of its own, below the one that this process is in", () => {
  assert.deepEqual(directoriesOf(ONE.membership, ONE.mounts), [
    "/sys/fs/cgroup/pids/x",
    "/sys/fs/cgroup/memory/b/x",
  ]);
});

test("of version 2 all have one, beside the one that this process is in", () => {
  const mounts = "30 29 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  const scope = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n";
  const beside = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/x";
  assert.deepEqual(directoriesOf(scope, mounts), [beside, beside]);
  assert.deepEqual(directoriesOf("0::/\n", mounts), ["/sys/fs/cgroup/x", "/sys/fs/cgroup/x"]);
});

test("where nothing of the kind is mounted, the limit is refused by its name", () => {
  const { cgroups, refused } = planCgroups("x", RESOURCES, { membership: "0::/\n", mounts: "" });
  assert.deepEqual(cgroups, []);
  assert.deepEqual(refused, {
    memory: "no cgroups with memory are mounted",
    processes: "no cgroups with pids are mounted",
  });
});
