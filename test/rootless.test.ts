import assert from "node:assert/strict";
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import {
  type Finished,
  requireProgram,
  requireRoot,
  run,
  type RunOptions,
  temporaryDirectory,
} from "@cooper/test";
import { requireNeeds } from "./examples/cooper.ts";
import { EXAMPLES, type Example } from "./examples/table.ts";

const COOPER = resolve(import.meta.dirname, "../packages/cli/bin/cooper");
const NOBODY = 65534;
const IDENTITY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] as const;

async function canRead(t: TestContext, setpriv: string): Promise<boolean> {
  const reach = await run(setpriv, [...IDENTITY, "test", "-r", COOPER], { status: "any" });
  if (reach.status !== 0) t.skip("SKIPPED: the user nobody cannot read this checkout");
  return reach.status === 0;
}

/** What a user without root needs to run an image of busybox; undefined, and the test skipped, without it. */
async function nobodysWorld(t: TestContext): Promise<World | undefined> {
  if (!requireRoot(t)) return undefined;
  const busybox = requireProgram(t, "busybox", "busybox-static");
  const setpriv = requireProgram(t, "setpriv", "util-linux");
  if (busybox === undefined || setpriv === undefined) return undefined;
  if (!(await canRead(t, setpriv))) return undefined;
  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const home = join(directory, "home");
  mkdirSync(join(directory, "root/bin"), { recursive: true });
  cpSync(busybox, join(directory, "root/bin/busybox"));
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  const layout = `oci:${join(directory, "out")}:1`;
  const command = '["/bin/busybox","id","-u"]';
  await run(COOPER, ["by-hand", join(directory, "root"), "-o", layout, "--cmd", command]);
  return {
    home,
    layout,
    command: [setpriv, ...IDENTITY, COOPER],
    options: { env: { HOME: home, COOPER_HOME: home }, status: "any" },
  };
}

interface World {
  readonly home: string;
  readonly layout: string;
  /** Cooper as nobody. */
  readonly command: readonly string[];
  readonly options: RunOptions;
}

for (const runtime of ["runc", "namespaces"] as const) {
  test(`a user without root and without subordinate ids runs an image in a user namespace by ${runtime}`, async (t) => {
    if (runtime === "runc" && requireProgram(t, "runc") === undefined) return;
    const world = await nobodysWorld(t);
    if (world === undefined) return;
    const [setpriv = "", ...command] = world.command;
    const cooper = async (...args: readonly string[]): Promise<Finished> =>
      await run(setpriv, [...command, "run", "--runtime", runtime, ...args], world.options);
    const first = await cooper(world.layout);
    assert.equal(first.status, 0, first.stderr);
    assert.equal(first.stdout, "0\n");
    const sh = ["/bin/busybox", "sh", "-c"];
    assert.equal((await cooper(world.layout, "--", ...sh, "exit 9")).status, 9);
    const network = await cooper("--network", "none", world.layout, "--", "/bin/busybox", "ip", "link");
    assert.match(network.stdout, /^1: lo: <LOOPBACK,UP/);
    assert.equal(network.stdout.match(/^\d+:/gm)?.length, 1);
    assert.deepEqual(readdirSync(join(world.home, "containers")), []);
  });

  test(`what a program of a user without root sees of cgroups is below where it is told to look, by ${runtime}`, async (t) => {
    if (runtime === "runc" && requireProgram(t, "runc") === undefined) return;
    const world = await nobodysWorld(t);
    if (world === undefined) return;
    const look = ["/bin/busybox", "cat", "/proc/self/mountinfo", "/proc/self/cgroup"];
    const [setpriv = "", ...command] = world.command;
    const args = ["run", "--runtime", runtime, "--network", "host", world.layout, "--", ...look];
    const { stdout, stderr, status } = await run(setpriv, [...command, ...args], world.options);
    assert.equal(status, 0, stderr);
    // Java 17 ends with a NullPointerException where its cgroup is not below a mount's root.
    const roots = stdout.matchAll(/^\d+ \d+ \S+ (\S+) \S+ .* - cgroup \S+ \S*\bmemory\b/gm);
    const own = /^\d+:\S*\bmemory\b\S*:(.*)$/m.exec(stdout)?.[1];
    for (const [, root = ""] of roots) {
      assert.ok(
        own?.startsWith(root),
        `a mount of the memory controller begins at ${root}, the program is in ${own}`,
      );
    }
  });

  test(`a memory hog of a user without root is bounded by ${runtime}: by a cgroup that is the user's, and it is told where there is none`, async (t) => {
    if (runtime === "runc" && requireProgram(t, "runc") === undefined) return;
    const world = await nobodysWorld(t);
    if (world === undefined) return;
    const hog = "x=0123456789; while true; do x=$x$x; done";
    const args = [
      "run",
      "--runtime",
      runtime,
      "-m",
      "64m",
      world.layout,
      "--",
      "/bin/busybox",
      "sh",
      "-c",
      hog,
    ];
    const [setpriv = "", ...command] = world.command;
    if (runtime === "namespaces") {
      const alone = await run(setpriv, [...command, ...args], world.options);
      assert.match(alone.stderr, /No cgroup can be made here: the limit of memory holds for each process/);
      // What a program does that is given no more is its own affair.
      assert.match(alone.stderr, /out of memory|Segmentation fault/);
      assert.notEqual(alone.status, 0);
    } else {
      const harmless = [...args.slice(0, -1), "exit 4"];
      const alone = await run(setpriv, [...command, ...harmless], world.options);
      assert.match(alone.stderr, /No cgroup can be made here: memory is not limited/);
      assert.equal(alone.status, 4);
    }

    const cgroup = delegated(t);
    if (cgroup === undefined) return;
    const enter = ["-c", 'echo $$ > "$0"/cgroup.procs && exec "$@"', cgroup, ...world.command];
    const bounded = await run("sh", [...enter, ...args], world.options);
    assert.equal(bounded.status, 137, bounded.stderr);
    assert.doesNotMatch(bounded.stderr, /No cgroup/);
    const left = readdirSync(cgroup, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(left, []);
  });
}

/** A cgroup of the memory controller, of version 1, that is nobody's; a loud skip where there can be none. */
function delegated(t: TestContext): string | undefined {
  const own = /^\d+:memory:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  const cgroup = join("/sys/fs/cgroup/memory", own ?? "", `cooper-test-${process.pid}-${Date.now()}`);
  try {
    mkdirSync(cgroup);
  } catch (error) {
    t.skip(`SKIPPED: no cgroup of version 1 can be made: ${String(error)}`);
    return undefined;
  }
  t.after(() => rmdirSync(cgroup));
  for (const name of ["", "cgroup.procs", "tasks"]) chownSync(join(cgroup, name), NOBODY, NOBODY);
  return cgroup;
}

/** `all`, or names: COOPER_ROOTLESS_EXAMPLES=go-http,c-make. Each takes as long as two builds. */
const CHOSEN = process.env["COOPER_ROOTLESS_EXAMPLES"] ?? "static-site,c-make";

function isChosen({ name }: Example): boolean {
  return CHOSEN === "all" || CHOSEN.split(",").includes(name);
}

test("a user without root builds examples, without runc, to the digests that root gets by it", async (t) => {
  if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return;
  const setpriv = requireProgram(t, "setpriv", "util-linux");
  if (setpriv === undefined || !(await canRead(t, setpriv))) return;
  // Each has one home for all of them: toolchains are fetched once.
  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const home = join(directory, "home");
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  const env = { HOME: home, COOPER_HOME: home, COOPER_CACHE_DIR: join(home, "cache") };
  const root = { COOPER_HOME: join(directory, "root-home"), COOPER_RUNTIME: "runc" };
  for (const example of EXAMPLES.filter(isChosen)) {
    const { name, varies } = example;
    const source = join(directory, name);
    const args = ["build", source, "-o"];
    // oxlint-disable-next-line no-await-in-loop -- they share homes
    await t.test(`examples/${name}`, async (each) => {
      if (varies !== undefined) {
        each.skip(`SKIPPED: two builds of it differ: ${varies}`);
        return;
      }
      if (!(await requireNeeds(each, example, { launcher: COOPER, env: root }))) return;
      cpSync(resolve(import.meta.dirname, "../examples", name), source, { recursive: true });
      const nobody = await run(setpriv, [...IDENTITY, COOPER, ...args, `oci:${join(home, name)}:1`], {
        env: { ...env, COOPER_RUNTIME: "namespaces" },
      });
      const byRoot = await run(COOPER, [...args, `oci:${join(directory, `${name}-by-root`)}:1`], {
        env: root,
      });
      assert.match(nobody.stdout, /^sha256:[0-9a-f]{64}\n$/);
      assert.equal(nobody.stdout, byRoot.stdout);
    });
  }
});
