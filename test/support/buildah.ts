import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { unmountBeneath } from "./mounts.ts";
import { requireProgram, run } from "./program.ts";

/** Runs `buildah`, and gives what it prints. */
export type Buildah = (...args: readonly string[]) => Promise<string>;

/**
 * Buildah with a storage and caches of the test's own, which go when the test ends. A loud skip and
 * `undefined` where it is missing.
 */
export function requireBuildah(t: TestContext): Buildah | undefined {
  const program = requireProgram(t, "buildah");
  if (program === undefined) return undefined;
  // Not temporaryDirectory: hooks run in the order they were set, and this goes after its mounts.
  const directory = mkdtempSync(join(tmpdir(), "cooper-buildah-"));
  t.after(() => {
    unmountBeneath(directory);
    rmSync(directory, { recursive: true, force: true });
  });
  const storage = ["--root", join(directory, "root"), "--runroot", join(directory, "runroot")];
  const env = { TMPDIR: directory };
  return async (...args) =>
    (await run(program, [...storage, "--storage-driver", "overlay", ...args], { env })).stdout.trim();
}
