import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requireProgram, requireRoot, run } from "@cooper/test";
import { launcher, makeFiles, workshop } from "../test-support/cooper.ts";

test("run gives the image's program its arguments and passes its answer and its exit status on", async (t) => {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  if (busybox === undefined || requireProgram(t, "runc") === undefined || !requireRoot(t)) return;
  const { directory, answer, cooper, cooperWith } = workshop(t);
  makeFiles(directory, "root", { "etc/motd": "hello\n" });
  mkdirSync(join(directory, "root/bin"));
  cpSync(busybox, join(directory, "root/bin/busybox"));
  const start = ["--entrypoint", '["/bin/busybox"]', "--cmd", '["cat", "/etc/motd"]'];
  await answer("by-hand", "root", "--quiet", "-t", "box", ...start);

  const plain = await cooper("run", "--quiet", "box");
  assert.deepEqual([plain.status, plain.stdout, plain.stderr], [0, "hello\n", ""]);
  const script = "echo $A $(/bin/busybox id -u) $(/bin/busybox pwd); exit 7";
  const flags = ["-e", "A=a b", "-u", "5", "-w", "/etc"];
  const changed = await cooper("run", ...flags, "box", "--", "sh", "-c", script);
  assert.deepEqual([changed.status, changed.stdout], [7, "a b 5 /etc\n"], changed.stderr);
  const reading = await cooperWith({ input: "typed\n" }, "run", "-i", "box", "--", "cat");
  assert.equal(reading.stdout, "typed\n");
});

test("run with nothing to run is wrong usage", async (t) => {
  if (requireProgram(t, "runc") === undefined || !requireRoot(t)) return;
  const { directory, answer, cooper } = workshop(t);
  makeFiles(directory, "root", { a: "a" });
  await answer("by-hand", "root", "--quiet", "-t", "nothing");
  const finished = await cooper("run", "nothing");
  assert.equal(finished.status, 2);
  assert.match(finished.stderr, /\[COMMAND_MISSING\]/);
});

const MIXED = "/sys/fs/cgroup/unified/cgroup.controllers";

test("run takes crun where it works, alone or when asked to, and says why where it does not", async (t) => {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  const unshare = requireProgram(t, "unshare", "util-linux");
  const runc = requireProgram(t, "runc");
  if (busybox === undefined || unshare === undefined || runc === undefined || !requireRoot(t)) return;
  if (requireProgram(t, "crun") === undefined) return;
  const { directory, env, answer, cooper } = workshop(t);
  mkdirSync(join(directory, "root/bin"), { recursive: true });
  cpSync(busybox, join(directory, "root/bin/busybox"));
  await answer("by-hand", "root", "--quiet", "-t", "box", "--entrypoint", '["/bin/busybox"]');
  const script = ["box", "--", "sh", "-c", "echo hello; exit 7"];

  // In a mount namespace of its own, as on a host whose cgroups are all of one version.
  const prepared = `umount /sys/fs/cgroup/unified 2>/dev/null
    [ "$1" = without ] && mount --bind /dev/null "$2"
    shift 2; exec "$@"`;
  for (const [others, flags] of [["with", ["--runtime", "crun"]] as const, ["without", []] as const]) {
    const inside = [
      "sh",
      "-c",
      prepared,
      "sh",
      others,
      runc,
      launcher,
      "run",
      "--quiet",
      ...flags,
      ...script,
    ];
    const options = { env, status: "any", cwd: directory } as const;
    const ran = await run(unshare, ["--mount", "--propagation", "private", "--", ...inside], options);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [7, "hello\n", ""], others);
    assert.deepEqual(readdirSync(join(directory, "home/containers")), []);
  }

  const killed = `umount /sys/fs/cgroup/unified 2>/dev/null
    "$1" run --quiet --runtime crun box -- sleep 1000 &
    until [ -s home/containers/*/pid ]; do kill -0 $! || exit 2; sleep 0.1; done
    kill -9 $!; container=$(cat home/containers/*/pid)
    "$1" run box -- echo next || exit 1
    ! kill -0 "$container" 2>/dev/null`;
  const inside = ["--mount", "--propagation", "private", "--", "sh", "-c", killed, "sh", launcher];
  const next = await run(unshare, inside, { env, status: "any", cwd: directory });
  assert.deepEqual([next.status, next.stdout], [0, "next\n"], next.stderr);
  assert.match(next.stderr, /^Removed what killed runs left: cooper-/m);

  const here = await cooper("run", "--quiet", "--runtime", "crun", ...script);
  const doctor = await cooper("doctor");
  if (existsSync(MIXED) && readFileSync(MIXED, "utf8").trim() !== "") {
    assert.equal(here.status, 3);
    assert.match(here.stderr, /crun cannot start containers here: cgroups .*mixed.*\[RUNTIME_UNFIT\]/);
    assert.match(doctor.stdout, /^ok +runtime +runc \S+; crun \S+ does not work here: cgroups/m);
  } else {
    assert.equal(here.status, 7, here.stderr);
  }
});
