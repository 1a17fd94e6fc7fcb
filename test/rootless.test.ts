import assert from "node:assert/strict";
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";

const COOPER = resolve(import.meta.dirname, "../packages/cli/bin/cooper");
const NOBODY = 65534;
const IDENTITY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] as const;

async function canRead(t: TestContext, setpriv: string): Promise<boolean> {
  const reach = await run(setpriv, [...IDENTITY, "test", "-r", COOPER], { status: "any" });
  if (reach.status !== 0) t.skip("SKIPPED: the user nobody cannot read this checkout");
  return reach.status === 0;
}

test("a user without root and without subordinate ids runs an image in a user namespace", async (t) => {
  if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return;
  const busybox = requireProgram(t, "busybox", "busybox-static");
  const setpriv = requireProgram(t, "setpriv", "util-linux");
  if (busybox === undefined || setpriv === undefined) return;
  if (!(await canRead(t, setpriv))) return;

  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const home = join(directory, "home");
  mkdirSync(join(directory, "root/bin"), { recursive: true });
  cpSync(busybox, join(directory, "root/bin/busybox"));
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  const layout = `oci:${join(directory, "out")}:1`;
  await run(COOPER, [
    "by-hand",
    join(directory, "root"),
    "-o",
    layout,
    "--cmd",
    '["/bin/busybox","id","-u"]',
  ]);

  const asNobody = { env: { HOME: home, COOPER_HOME: home }, status: "any" } as const;
  const first = await run(setpriv, [...IDENTITY, COOPER, "run", layout], asNobody);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stdout, "0\n");
  const args = ["run", layout, "--", "/bin/busybox", "sh", "-c", "exit 9"];
  assert.equal((await run(setpriv, [...IDENTITY, COOPER, ...args], asNobody)).status, 9);
  assert.deepEqual(readdirSync(join(home, "containers")), []);
});

test("a user without root builds an application to the digest that root gets", async (t) => {
  if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return;
  const setpriv = requireProgram(t, "setpriv", "util-linux");
  if (setpriv === undefined || !(await canRead(t, setpriv))) return;
  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const source = join(directory, "source");
  cpSync(resolve(import.meta.dirname, "../examples/static-site"), source, { recursive: true });
  const home = join(directory, "home");
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  const args = ["build", source, "-o"];
  const env = { HOME: home, COOPER_HOME: home, COOPER_CACHE_DIR: join(home, "cache") };
  const nobody = await run(setpriv, [...IDENTITY, COOPER, ...args, `oci:${join(home, "out")}:1`], { env });
  const root = await run(COOPER, [...args, `oci:${join(directory, "out")}:1`], {
    env: { COOPER_HOME: join(directory, "root-home") },
  });
  assert.match(nobody.stdout, /^sha256:[0-9a-f]{64}\n$/);
  assert.equal(nobody.stdout, root.stdout);
});
