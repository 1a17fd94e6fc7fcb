import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { requireProgram, requireRoot, startDockerd } from "@cooper/test";
import { type Workshop, workshop } from "../test-support/cooper.ts";

/** Downloads stay between runs: Node alone is 50 MB. */
const CACHE = join(import.meta.dirname, "../../../../node_modules/.cache/cooper-test");

const REFERENCE = "npm:cowsay=1.6.0";

/** A workshop whose cache outlives it; a loud skip where this machine reaches no registry or no mirror. */
async function requireSources(t: TestContext): Promise<Workshop["cooper"] | undefined> {
  const { cooperWith } = workshop(t);
  const cooper: Workshop["cooper"] = async (...args) =>
    await cooperWith({ env: { COOPER_CACHE_DIR: CACHE } }, ...args);
  const resolved = await cooper("resolve", REFERENCE);
  if (resolved.status === 0) return cooper;
  t.skip(`SKIPPED: npm's registry or apt's mirror, as configured here, gives nothing: ${resolved.stderr}`);
  return undefined;
}

test("cooper run npm:cowsay -- moo prints a cow, as nobody in particular", async (t) => {
  if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return;
  const cooper = await requireSources(t);
  if (cooper === undefined) return;
  const moo = await cooper("run", "--quiet", REFERENCE, "--", "moo");
  assert.equal(moo.status, 0, moo.stderr);
  assert.match(moo.stdout, /< moo >/);
  assert.equal(moo.stderr, "");
  const script =
    "console.log(process.getuid(), process.env.NODE_ENV, process.cwd(), os.homedir(), process.version)";
  const node = ["--entrypoint", "/usr/local/bin/node", `${REFERENCE}/node=22.23.3`, "--", "-e", script];
  const asked = await cooper("run", "--quiet", ...node);
  assert.equal(asked.stdout, "65532 production /app /home/nonroot v22.23.3\n", asked.stderr);
});

test("Docker's engine runs it too; and from a lock it is the same image, offline and for another platform", async (t) => {
  const cooper = await requireSources(t);
  if (cooper === undefined) return;
  const { directory } = workshop(t);
  const lock = join(directory, "lock.json");
  const platforms = "linux/amd64,linux/arm64";
  const locked = await cooper("lock", "--quiet", "--platform", platforms, REFERENCE, "-o", lock);
  assert.equal(locked.status, 0, locked.stderr);
  assert.doesNotMatch(readFileSync(lock, "utf8"), /https?:[^"]*\.tgz/);

  const first = await cooper("copy", "--quiet", "--locked", lock, REFERENCE, `oci:${directory}/first`);
  const flags = ["--quiet", "--offline", "--locked", lock];
  const again = await cooper("copy", ...flags, REFERENCE, `oci:${directory}/again`);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(again.stdout, first.stdout, again.stderr);
  assert.equal((await cooper("validate", `oci:${directory}/again`)).status, 0);

  const engine = await startDockerd(t);
  if (engine === undefined) return;
  const archive = join(directory, "cow.tar");
  const copied = await cooper(
    "copy",
    ...flags,
    "--platform",
    "linux/amd64",
    REFERENCE,
    `docker-archive:${archive}:cow:1`,
  );
  assert.equal(copied.status, 0, copied.stderr);
  await engine.docker(["load", "--input", archive]);
  const { stdout } = await engine.docker(["run", "--rm", "--network", "none", "cow:1", "moo"]);
  assert.match(stdout, /< moo >/);
});
