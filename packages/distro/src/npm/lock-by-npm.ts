import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSamePlatform, type Platform } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import type { Context } from "../ecosystem/context.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { readDetails } from "./details.ts";
import { integrityOf } from "./integrity.ts";
import { type PackageLock, parsePackageLock } from "./package-lock.ts";
import { runNpm } from "./program.ts";
import { type Registries, registryFlags } from "./registries.ts";
import type { AskedPackage } from "./request.ts";
import { readWish, rememberSolved, solvedBefore } from "./solved-before.ts";
import type { Target } from "./target.ts";

export interface LockOptions {
  readonly packages: readonly AskedPackage[];
  /** Of the packages that name none. */
  readonly release: string | undefined;
  readonly platform: Platform;
  readonly target: Target;
}

/**
 * Has npm solve, in a directory of its own, which goes when it has written its lock there; no script
 * runs. What an earlier lock had stays as far as the context keeps it. `PROGRAM_MISSING`, `INDEX_INVALID`,
 * and what `npmFault` makes of npm's errors
 */
export async function lockByNpm(
  options: LockOptions,
  registries: Registries,
  context: Context,
): Promise<PackageLock> {
  const { packages, release, platform, target } = options;
  // Node alone: there is nothing to solve.
  if (packages.length === 0) return new Map();
  const wanted = packages.map(({ name, wanted: own }) => [name, own ?? release ?? "latest"] as const);
  const dependencies = Object.fromEntries(wanted);
  const before = context.before?.find(
    (solution) => solution.ecosystem === "npm" && isSamePlatform(solution.platform, platform),
  );
  const wish =
    before === undefined
      ? await readWish(dependencies, JSON.stringify(target), registries, context)
      : undefined;
  const known = wish === undefined ? undefined : await solvedBefore(wish, context);
  if (known !== undefined) return known;
  const directory = await mkdtemp(join(tmpdir(), "cooper-npm-"));
  try {
    const lock = join(directory, "package-lock.json");
    await writeFile(join(directory, "package.json"), JSON.stringify({ private: true, dependencies }));
    if (before !== undefined) {
      const entries = earlierEntries(before, registries, context);
      const document = { lockfileVersion: 3, packages: { "": { dependencies }, ...entries } };
      await writeFile(lock, JSON.stringify(document));
    }
    const { environment, signal } = context;
    const flags = [...FLAGS, ...registryFlags(context)];
    if (context.network === "offline") flags.push("--offline");
    const install = async (...how: readonly string[]): Promise<string> =>
      await runNpm(["install", ...how, ...flags], { directory, environment, signal });
    try {
      await install("--package-lock-only");
    } catch (error) {
      // What is bundled in a tarball, npm knows only from inside it; and it takes that tarball's own
      // address for a foreign one unless it installs. A dependency that is foreign fails here too.
      if (!isFault(error, "UNSOLVABLE") || error.fields["npmCode"] !== "EALLOWREMOTE") throw error;
      await install("--no-bin-links", `--os=${target.os}`, `--cpu=${target.cpu}`, `--libc=${target.libc}`);
    }
    const text = await readFile(lock, "utf8");
    const solved = parsePackageLock(text);
    if (wish !== undefined) await rememberSolved(wish, text, context);
    return solved;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What of an earlier solution is to stay, as a lock of npm's has it. */
function earlierEntries(
  { packages, repositories }: Solution,
  registries: Registries,
  context: Context,
): Readonly<Record<string, object>> {
  return Object.fromEntries(
    packages
      .filter(({ name }) => context.keep?.has(name) !== false)
      .flatMap((solved) => {
        const details = readDetails(solved);
        if (details.kind === "runtime") return [];
        const address = registries.address(repositories[solved.repository]?.path ?? "");
        const source = { resolved: `${address}${solved.path}`, integrity: integrityOf(solved.checksum) };
        return [[details.place, { ...details.entry, ...source }] as const, ...details.bundled];
      }),
  );
}

/** What of a user's configuration would change the tree, or do more than solve, is set here. */
const FLAGS = [
  "--package-lock",
  "--lockfile-version=3",
  "--no-omit-lockfile-registry-resolved",
  "--ignore-scripts",
  "--omit=dev",
  "--install-strategy=hoisted",
  "--no-legacy-peer-deps",
  "--no-engine-strict",
  "--no-force",
  "--no-global",
  "--no-dry-run",
  "--no-workspaces",
  "--allow-git=none",
  "--allow-remote=none",
  "--allow-file=none",
  "--allow-directory=none",
  "--json",
];
