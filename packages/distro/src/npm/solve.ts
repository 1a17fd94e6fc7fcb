import type { Platform } from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { Ecosystem, PackageRequest } from "../ecosystem/ecosystem.ts";
import type { LockedRepository, Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { detailsOf } from "./details.ts";
import { digestOfIntegrity, tarballPath } from "./integrity.ts";
import { lockByNpm } from "./lock-by-npm.ts";
import { nameOf, type PackageLock } from "./package-lock.ts";
import { readRegistries, type Registries } from "./registries.ts";
import { askedFor, RUNTIME } from "./request.ts";
import { chooseRuntime, readVersions, type Runtime, type Versions } from "./runtime.ts";
import { type Selected, selectPackages } from "./select.ts";
import { checkSignatures } from "./signatures.ts";
import { isKeyFile } from "./signing-keys.ts";
import { targetOf } from "./target.ts";
import { together } from "./together.ts";

/**
 * What of Debian a Node from npm needs: its C and C++ libraries; and of what the system says it is,
 * so that scanners know whose libraries these are. No shell: Node needs none.
 */
const BASE_PACKAGES: readonly string[] = [
  "+nobase",
  "base-files",
  "base-passwd",
  "libc6",
  "libgcc-s1",
  "libstdc++6",
];

const NO_VERSIONS: Versions = new Map();

/**
 * The packages by npm, the Node under them by what they say of it, the libraries under that by
 * `base`.
 */
export async function solve(
  request: PackageRequest,
  platform: Platform,
  context: Context,
  base: Ecosystem,
): Promise<Solution> {
  const target = targetOf(platform);
  const { packages: all, tree } = askedFor(request);
  const packages = all.filter(({ name }) => name !== RUNTIME);
  const asked = packages.map(({ name }) => name);

  const readAll = async (inner: Context): Promise<readonly [Registries, PackageLock, Versions]> => {
    const registries = await readRegistries(inner);
    const options = { packages, release: request.release, platform, target };
    const [lock, versions] = await together(inner, (own) => [
      lockByNpm(options, registries, own),
      tree === "global" ? Promise.resolve(NO_VERSIONS) : readVersions(target, registries, own),
    ]);
    return [registries, lock, versions];
  };
  const [[registries, lock, versions], baseSolution] = await together(context, (inner) => [
    readAll(inner),
    tree === "global"
      ? Promise.resolve(undefined)
      : base.solve({ packages: ["+nobase", ...BASE_PACKAGES] }, platform, forBase(inner)),
  ]);
  const wanted = all.find(({ name }) => name === RUNTIME)?.wanted;
  const first = selectPackages(lock, { asked, target });
  const runtime =
    tree === "global"
      ? undefined
      : chooseRuntime({ target, wanted, packages: first.packages, versions }, context);
  const selection =
    runtime === undefined ? first : selectPackages(lock, { asked, target, node: runtime.version });

  const repositories = new Repositories();
  const solved = [
    ...(runtime === undefined ? [] : [solvedRuntime(runtime, registries, repositories)]),
    ...selection.packages.flatMap((selected) =>
      selected.entry.inBundle === true ? [] : [solvedPackage(selected, lock, registries, repositories)],
    ),
  ];
  const signedBy = await together(context, (inner) => [
    checkSignatures({ packages: solved, repositories: repositories.list }, registries, inner),
  ]);
  context.onEvent({ type: "solved", packages: solved.length, downloadSize: 0 });
  return {
    ecosystem: "npm",
    platform,
    request,
    base: baseSolution,
    repositories: repositories.list.map((one, place) => ({ ...one, signedBy: signedBy[0][place] ?? [] })),
    packages: solved,
  };
}

/** Of the options, registries and their keys are npm's, and what else names a repository or a key is the base's. */
export function forBase(context: Context): Context {
  const repositories = context.repositories?.filter((repository) => !/^https?:\/\/\S+$/.test(repository));
  const keyrings = context.keyrings?.filter((path) => !isKeyFile(path));
  return {
    ...context,
    repositories: repositories?.length === 0 ? undefined : repositories,
    keyrings: keyrings?.length === 0 ? undefined : keyrings,
  };
}

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
