import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { fileFault } from "@cooper/archive";
import { type Locks, parseLocks, referencesToLock, type SourceLock } from "@cooper/build";
import { type Lock, lockFrom } from "@cooper/distro";
import type { Platform } from "@cooper/oci";
import type { Terminal } from "./display/terminal.ts";
import type { RepositoryFlags } from "./packages.ts";
import { type PlannedSource, planOf, readJson, type SourceFlags } from "./source.ts";

/** The source and the plan that is built: with the locks of the plan itself, of a file, or of now. */
export async function planToBuild(
  terminal: Terminal,
  path: string,
  flags: SourceFlags &
    RepositoryFlags & {
      readonly platform?: Platform | undefined;
      readonly locked?: string | undefined;
      readonly writePlan?: string | undefined;
    },
): Promise<PlannedSource> {
  const { locked, writePlan, platform } = flags;
  if (writePlan !== undefined) requirePlace(writePlan);
  const planned = await planOf(terminal, path, flags);
  const { plan } = planned;
  if (locked !== undefined) return { ...planned, plan: { ...plan, locks: locksIn(readLockFile(locked)) } };
  if (plan.locks !== undefined) return planned;
  if (writePlan !== undefined) {
    const { lockedPlan } = await import("./lock-source.ts");
    const platforms = platform === undefined ? undefined : [platform];
    return { ...planned, plan: await lockedPlan(terminal, plan, { ...flags, platform: platforms }) };
  }
  if (flags.plan !== undefined && referencesToLock(plan).length > 0) {
    terminal.note(
      `${flags.plan} has no locks: its references are resolved anew (cooper plan --lock writes what they came to).`,
    );
  }
  return planned;
}

/** Now, and not when everything is built. `FILE_MISSING` */
function requirePlace(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw fileFault("write", path, error);
  }
}

/** What `cooper lock` wrote, of packages or of a source; of a plan, its locks. `FILE_MISSING`, `LOCK_INVALID` */
export function readLockFile(path: string): Lock | SourceLock {
  const value = readJson(path, "cooper lock writes a lock file, and cooper plan --lock a plan with locks.");
  const isOfPackages = typeof value === "object" && value !== null && "reference" in value;
  return isOfPackages ? lockFrom(value, path) : { version: 1, locks: parseLocks(value, path) };
}

/** By reference, whatever they are of. */
export function locksIn(made: Lock | SourceLock): Locks {
  return "locks" in made ? made.locks : { [made.reference]: { solutions: made.solutions } };
}
