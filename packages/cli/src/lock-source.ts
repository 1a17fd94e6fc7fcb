import { lockPlan, type LockPlanOptions, type Locks, type Plan, type SourceLock } from "@cooper/build";
import { versionsOf } from "@cooper/distro";
import { formatPlatform, type Platform } from "@cooper/oci";
import { hostPlatform } from "@cooper/transport";
import type { Terminal } from "./display/terminal.ts";
import { CliError } from "./errors.ts";
import { type RepositoryFlags, repositoryOptions } from "./packages.ts";
import { planOf, type SourceFlags } from "./source.ts";
import { locksIn, readLockFile } from "./source-locks.ts";

/** Where packages come from, and for which platforms they are solved. */
export type LockingFlags = RepositoryFlags & { readonly platform?: readonly Platform[] | undefined };

/** The plan with what its references come to now. */
export async function lockedPlan(terminal: Terminal, plan: Plan, flags: LockingFlags): Promise<Plan> {
  return { ...plan, locks: await locksOf(terminal, plan, flags) };
}

/** What the plan of a source stands on now; `update` is of a lock file that keeps all else. */
export async function lockSource(
  terminal: Terminal,
  path: string,
  flags: SourceFlags & LockingFlags,
  update: { readonly file: string; readonly packages: readonly string[] } | undefined,
): Promise<SourceLock> {
  const { plan } = await planOf(terminal, path, flags);
  if (update === undefined) return { version: 1, locks: await locksOf(terminal, plan, flags) };
  const locks = locksIn(readLockFile(update.file));
  const solutions = Object.values(locks).flatMap((lock) => ("solutions" in lock ? lock.solutions : []));
  const known = versionsOf(solutions);
  for (const name of update.packages) if (!known.has(name)) throw notLocked(name);
  const platforms = new Map(solutions.map(({ platform }) => [formatPlatform(platform), platform]));
  return {
    version: 1,
    locks: await locksOf(
      terminal,
      plan,
      { ...flags, platform: flags.platform ?? [...platforms.values()] },
      { locks, except: update.packages },
    ),
  };
}

/** Of a name that is to be brought up to date. */
export function notLocked(name: string): CliError {
  return new CliError("ARGUMENT_INVALID", `the lock has no package ${name}`, "See: cooper resolve.");
}

async function locksOf(
  terminal: Terminal,
  plan: Plan,
  flags: LockingFlags,
  kept?: LockPlanOptions["kept"],
): Promise<Locks> {
  const { onEvent, ...packages } = repositoryOptions(terminal, flags);
  return await lockPlan(plan, {
    packages: {
      ...packages,
      // None of them is fetched: a display that waited for them would never end.
      onEvent: (event) => (event.type === "solved" ? undefined : onEvent?.(event)),
    },
    platforms: flags.platform ?? [hostPlatform()],
    kept,
    signal: terminal.signal,
  });
}
