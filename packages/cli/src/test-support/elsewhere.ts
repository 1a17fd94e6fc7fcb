import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";
import { launcher } from "./cooper.ts";

/**
 * Makes the image that `copy` makes with one thread, in another time zone and language and under another
 * umask, and as nobody, each with nothing in its cache and from another directory: the digest is `digest`.
 * What the command reads lies in `inputs`.
 */
export async function assertSameElsewhere(
  t: TestContext,
  inputs: string,
  copy: readonly string[],
  digest: string,
): Promise<void> {
  if (!requireRoot(t)) return;
  const setpriv = requireProgram(t, "setpriv", "util-linux");
  const taskset = requireProgram(t, "taskset", "util-linux");
  if (setpriv === undefined || taskset === undefined) return;
  const nobody = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"] as const;
  chmodSync(inputs, 0o755);
  const reach = await run(nobody[0], [...nobody.slice(1), "test", "-r", launcher], { status: "any" });
  if (reach.status !== 0) {
    t.skip("SKIPPED: the user nobody cannot read this checkout");
    return;
  }
  const others: readonly (readonly [env: Readonly<Record<string, string>>, ...command: string[]])[] = [
    [{ UV_THREADPOOL_SIZE: "1" }, taskset, "--cpu-list", "0", launcher],
    [{ TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8" }, "sh", "-c", 'umask 077; exec "$0" "$@"', launcher],
    [{}, ...nobody, launcher],
  ];
  for (const [place, [env, program = "", ...args]] of others.entries()) {
    const own = temporaryDirectory(t);
    chmodSync(own, 0o777);
    const places = { COOPER_HOME: join(own, "home"), COOPER_CACHE_DIR: join(own, "cache"), HOME: own };
    // oxlint-disable-next-line no-await-in-loop
    const made = await run(program, [...args, ...copy, `oci:${own}/out`], {
      cwd: own,
      env: { ...places, ...env },
      status: "any",
    });
    assert.equal(made.stdout, `${digest}\n`, `${place}: ${made.stderr}`);
  }
}
