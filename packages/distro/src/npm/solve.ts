import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import type { Context } from "../ecosystem/context.ts";
import type { Ecosystem, PackageRequest } from "../ecosystem/ecosystem.ts";
import type { LockedRepository, Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { detailsOf } from "./details.ts";
import { digestOfIntegrity, tarballPath } from "./integrity.ts";
import { nameOf, type PackageLock, parsePackageLock } from "./package-lock.ts";
import { runNpm } from "./program.ts";
import { readRegistries, type Registries, registryFlags } from "./registries.ts";
import { type AskedPackage, readPackage, RUNTIME } from "./request.ts";
import { chooseRuntime, type Runtime } from "./runtime.ts";
import { type Selected, selectPackages } from "./select.ts";
import { type Target, targetOf } from "./target.ts";
import { together } from "./together.ts";

/**
 * What of Debian a Node from npm needs: its C and C++ libraries; and of what the system says it is,
 * so that scanners know whose libraries these are.
 */
export const BASE_PACKAGES: readonly string[] = ["base-files", "libc6", "libgcc-s1", "libstdc++6"];

/**
 * The packages by npm, the Node under them by what they say of it, the libraries under that by
 * `base`. npm runs in a directory of its own, which goes when it has written its lock; no script runs.
 */
export async function solve(
  request: PackageRequest,
  platform: Platform,
  context: Context,
  base: Ecosystem,
): Promise<Solution> {
  const target = targetOf(platform);
  const all = request.packages.map(readPackage);
  const packages = all.filter(({ name }) => name !== RUNTIME);
  const asked = packages.map(({ name }) => name);

  const [registries, lock, baseSolution] = await together(context, (inner) => [
    readRegistries(inner),
    solveByNpm(packages, request.release, target, inner),
    base.solve({ packages: BASE_PACKAGES }, platform, forBase(inner)),
  ]);
  const wanted = all.find(({ name }) => name === RUNTIME)?.wanted;
  const first = selectPackages(lock, { asked, target });
  const runtime = await chooseRuntime({ target, wanted, packages: first.packages }, registries, context);
  const selection = selectPackages(lock, { asked, target, node: runtime.version });

  const repositories = new Repositories();
  const solved = [
    solvedRuntime(runtime, registries, repositories),
    ...selection.packages.flatMap((selected) =>
      selected.entry.inBundle === true ? [] : [solvedPackage(selected, lock, registries, repositories)],
    ),
  ];
  context.onEvent({ type: "solved", packages: solved.length, downloadSize: 0 });
  return {
    ecosystem: "npm",
    platform,
    request,
    base: baseSolution,
    repositories: repositories.list,
    packages: solved,
  };
}

/** Of the options, registries are npm's, and what else names a repository is the base's. */
export function forBase(context: Context): Context {
  const repositories = context.repositories?.filter((repository) => !/^https?:\/\/\S+$/.test(repository));
  return { ...context, repositories: repositories?.length === 0 ? undefined : repositories };
}

async function solveByNpm(
  packages: readonly AskedPackage[],
  release: string | undefined,
  target: Target,
  context: Context,
): Promise<PackageLock> {
  const wanted = packages.map(({ name, wanted: own }) => [name, own ?? release ?? "latest"] as const);
  const directory = await mkdtemp(join(tmpdir(), "cooper-npm-"));
  try {
    const manifest = { private: true, dependencies: Object.fromEntries(wanted) };
    await writeFile(join(directory, "package.json"), JSON.stringify(manifest));
    const { environment, signal } = context;
    const flags = [...SOLVE_FLAGS, ...registryFlags(context)];
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
    return parsePackageLock(await readFile(join(directory, "package-lock.json"), "utf8"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What of a user's configuration would change the tree, or do more than solve, is set here. */
const SOLVE_FLAGS = [
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

/** Each registry that a package comes from, once. */
class Repositories {
  readonly list: LockedRepository[] = [];

  indexOf(path: string): number {
    const before = this.list.findIndex((repository) => repository.path === path);
    if (before !== -1) return before;
    return this.list.push({ path, index: "", signedBy: [] }) - 1;
  }
}

function solvedRuntime(runtime: Runtime, registries: Registries, repositories: Repositories): SolvedPackage {
  const { name, version, tarball, integrity } = runtime;
  const registry = registries.pathFor(name);
  return {
    ...nothingKnown(name, version),
    architecture: name.slice(name.indexOf("-") + 1),
    reason: "the runtime",
    repository: repositories.indexOf(registry),
    path: tarballPath(tarball, name, registries.address(registry)),
    checksum: digestOfIntegrity(integrity, `${name} ${version}`),
    license: "MIT",
    description: "Node.js",
    details: detailsOf({ kind: "runtime" }),
  };
}

function solvedPackage(
  { place, entry, reason, dependents }: Selected,
  lock: PackageLock,
  registries: Registries,
  repositories: Repositories,
): SolvedPackage {
  const name = nameOf(place, entry);
  const registry = registries.pathFor(name);
  const bundled = [...lock].filter(
    ([other, { inBundle }]) => inBundle === true && other.startsWith(`${place}/`),
  );
  return {
    ...nothingKnown(name, entry.version),
    architecture: [entry.os, entry.cpu, entry.libc].flatMap((words) => words ?? []).join("-") || "any",
    reason,
    dependents,
    repository: repositories.indexOf(registry),
    path: tarballPath(entry.resolved, name, registries.address(registry)),
    checksum: digestOfIntegrity(entry.integrity, `${name} ${entry.version}`),
    license: entry.license ?? "",
    details: detailsOf({ kind: "package", place, entry, bundled: new Map(bundled) }),
  };
}

/** npm's index tells no sizes: they are known when the tarballs are there. */
function nothingKnown(
  name: string,
  version: string,
): Omit<SolvedPackage, "architecture" | "reason" | "repository" | "path" | "checksum" | "license"> {
  return {
    name,
    version,
    origin: name,
    originVersion: version,
    size: 0,
    installedSize: 0,
    description: "",
    homepage: "",
  };
}
