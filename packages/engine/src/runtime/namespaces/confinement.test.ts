import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { requireProgram, requireRoot } from "@cooper/test";
import { BASE, sh, site, textOf } from "../../execution/site.fixture.ts";
import type { Step } from "../../graph/operation.ts";
import { makeStep } from "../../graph/step.ts";
import { requireRuntime } from "../runtime.fixture.ts";

/** What a command can see of what it may do, but for names that are drawn by lot. */
const QUESTIONS = `
exec 2>&1
/bin/busybox grep -E '^(Cap|NoNewPrivs|Seccomp:|Sig(Blk|Ign)|Groups|Uid|Gid|Umask)' /proc/self/status
/bin/busybox id
/bin/busybox hostname
/bin/busybox find /dev | /bin/busybox sort
/bin/busybox stat -c '%n %t,%T %a' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
/bin/busybox awk '{ print $2, $3 }' /proc/mounts | /bin/busybox grep -v /dev/ | /bin/busybox sort
for each in /proc/kcore /proc/keys /proc/timer_list; do echo $each $(/bin/busybox wc -c < $each); done
for each in /proc/sys/kernel/hostname /proc/sysrq-trigger /sys/kernel/mm/x; do (echo 1 > $each) 2>&1 || true; done
ls /sys/firmware 2>&1 || true
ulimit -n
echo $PATH $HOME
(/bin/busybox mount -t tmpfs none /mnt || /bin/busybox unshare -m true || /bin/busybox chroot / /bin/sleep 0 || true) 2>&1`;

/** Builds one step under a runtime, and gives what it printed. */
async function under(
  t: TestContext,
  runtime: string,
  script: string,
  user?: string,
): Promise<string | undefined> {
  const before = process.env["COOPER_RUNTIME"];
  process.env["COOPER_RUNTIME"] = runtime;
  try {
    const here = site(t);
    if (here === undefined) return undefined;
    await here.build(sh(script, [BASE], { user }));
    return here.output();
  } finally {
    if (before === undefined) delete process.env["COOPER_RUNTIME"];
    else process.env["COOPER_RUNTIME"] = before;
  }
}

for (const user of ["0:0", "65532:65533"]) {
  test(`a step of the user ${user} sees under namespaces what it sees under runc`, async (t) => {
    if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return;
    const expected = await under(t, "runc", QUESTIONS, user);
    if (expected === undefined) return;
    assert.match(expected, /NoNewPrivs:\t1\nSeccomp:\t2/);
    assert.equal(await under(t, "namespaces", QUESTIONS, user), expected);
  });
}

test("a step under namespaces cannot open a device of the host, however it makes or finds one", async (t) => {
  if (!requireRoot(t)) return;
  const script = `
/bin/busybox mkdir /dev/deep
for place in /disk /dev/disk /dev/deep/disk /dev/shm/disk; do
  /bin/busybox mknod $place c 1 8
  (/bin/busybox head -c 1 $place) 2>&1 || true
done
/bin/busybox rm /disk`;
  const printed = await under(t, "namespaces", script);
  if (printed === undefined) return;
  assert.equal(printed.match(/Permission denied/g)?.length, 4, printed);
});

/** Busybox with symlinks, by their paths. */
function withLinks(links: Readonly<Record<string, string>>): Step {
  const files = Object.entries(links).map(([path, to]) => ({ kind: "symlink", path, to }) as const);
  return makeStep({ kind: "file", files }, [BASE]);
}

test("an image cannot have something of the host mounted or changed by links that it lays", async (t) => {
  const here = site(t);
  if (here === undefined) return;
  const before = process.env["COOPER_RUNTIME"];
  process.env["COOPER_RUNTIME"] = "namespaces";
  t.after(() => {
    if (before === undefined) delete process.env["COOPER_RUNTIME"];
    else process.env["COOPER_RUNTIME"] = before;
  });
  const outside = join(here.source, "victim");
  const laid = withLinks({ "/etc/hosts": `../../../../..${outside}`, "/cache": here.source });
  const mounts = [{ kind: "cache", id: "c", target: "/cache/deep", sharing: "shared" }] as const;
  const last = sh("echo hello > /cache/deep/file; cat /etc/hosts > /seen; ls -d /cache/deep", [laid], {
    mounts,
  });
  const layers = await here.build(last);
  assert.match(await textOf(layers.at(-1), "seen"), /localhost build/);
  await assert.rejects(here.build(sh("true", [withLinks({ "/proc": "/etc" })])), {
    code: "RUNTIME_FAILED",
    message: /\/proc is a link in the image/,
  });
  assert.ok(!existsSync(outside) && !existsSync(join(here.source, "deep")), "nothing was made on the host");
});

const SUITES = [
  "execution/execute",
  "execution/mounts",
  "execution/failing",
  "execution/hostile",
  "run/run",
  "run/seccomp",
];

for (const name of SUITES) {
  test(`under namespaces, without runc, all holds that ${name}.test.ts says`, async (t) => {
    if (!requireRoot(t) || !requireRuntime(t)) return;
    const file = join(import.meta.dirname, "../..", `${name}.test.ts`);
    const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
    const child = spawn(process.execPath, ["--conditions=@cooper/source", "--test", file], {
      env: { ...env, COOPER_RUNTIME: "namespaces" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    const status = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(status, 0, printed);
    for (const [line] of printed.matchAll(/^.*SKIPPED.*$/gm)) t.diagnostic(line);
  });
}
