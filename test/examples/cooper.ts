import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";
import type { Example } from "./table.ts";

/** The command, and where it keeps things. */
export interface Cooper {
  readonly launcher: string;
  readonly env: NodeJS.ProcessEnv;
  /** For what a container may write. */
  readonly scratch: string;
}

export const HOUSE: string = resolve(import.meta.dirname, "../..");
/** Packages, layers and package managers' caches stay between runs: most of the time is theirs. */
const KEPT = join(HOUSE, "node_modules/.cache/cooper-test");

/** The command as builds of examples need it; a loud skip where this machine cannot build. */
export async function requireCooper(t: TestContext): Promise<Cooper | undefined> {
  if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return undefined;
  const cooper: Cooper = {
    launcher: join(HOUSE, "packages/cli/bin/cooper"),
    scratch: temporaryDirectory(t),
    env: {
      COOPER_HOME: join(KEPT, "home"),
      COOPER_CACHE_DIR: process.env["COOPER_CACHE_DIR"] ?? KEPT,
      NO_COLOR: "1",
    },
  };
  const args = ["resolve", "apt:busybox-static"];
  const mirror = await run(cooper.launcher, args, { env: cooper.env, status: "any" });
  if (mirror.status === 0) return cooper;
  t.skip(`SKIPPED: apt's mirror, as configured here, gives nothing: ${mirror.stderr}`);
  return undefined;
}

/** Whether this machine's mirrors have what an example needs; a loud skip where they do not. */
export async function requireNeeds(
  t: TestContext,
  { needs }: Example,
  { launcher, env }: Pick<Cooper, "launcher" | "env">,
): Promise<boolean> {
  if (needs === undefined) return true;
  const found = await run(launcher, ["resolve", "--quiet", needs], { env, status: "any" });
  if (found.status === 0) return true;
  t.skip(`SKIPPED: no mirror, as configured here, has ${needs}: ${found.stderr.trim()}`);
  return false;
}
