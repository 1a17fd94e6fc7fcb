import { digestHex, type Platform } from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { PackageRequest } from "../ecosystem/ecosystem.ts";
import type { LockedRepository, Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { choosePackageSource } from "./attribute/choose.ts";
import type { PackageSource } from "./attribute/package-source.ts";
import { demandOf } from "./attribute/request.ts";
import { resolveAttributes, type Root } from "./attribute/resolve.ts";
import { openCaches } from "./cache/binary-cache.ts";
import { type ClosurePath, walkClosure } from "./cache/closure.ts";
import { findPath } from "./cache/find.ts";
import { readConfiguration } from "./configuration/configuration.ts";
import type { Details } from "./details.ts";
import { packageNames, STORE_DIRECTORY, storePathOf } from "./store/store-path.ts";

/**
 * Attributes → store paths → all that these refer to. Nothing is chosen: a store path names its
 * dependencies to the bit. `UNSOLVABLE`, `NOT_FOUND`, `REPOSITORY_INVALID`, `INDEX_…`, `KEY_…`, `SIGNATURE_INVALID`
 */
export async function solve(
  request: PackageRequest,
  platform: Platform,
  context: Context,
): Promise<Solution> {
  const demand = demandOf(request, platform);
  const { caches: addresses, keys } = await readConfiguration(context);
  const source = await choosePackageSource(demand.system, request.release, context);
  const roots = await resolveAttributes(demand, source, context);
  const caches = await openCaches(addresses, context);
  const trusted = { caches, keys, distrusted: new Set<string>() };
  if (context.signatures === "unchecked") {
    const message = "signatures are not checked: whoever answers for a cache decides what is in the image";
    context.onEvent({ type: "warning", subject: "nix", message });
  }
  const closure = await walkClosure(
    roots.map(({ path }) => path),
    async (path, cancel) => await findPath(path, trusted, { ...context, ...cancel }),
    context,
  );
  const used = caches.filter((cache) => closure.some((one) => one.cache === cache));
  const packages = closure.map((one) =>
    solvedPackage(one, roots, demand.system, used.indexOf(one.cache) + 1),
  );
  const downloadSize = packages.reduce((sum, { size }) => sum + size, 0);
  context.onEvent({ type: "solved", packages: packages.length, downloadSize });
  return {
    ecosystem: "nix",
    platform: demand.platform,
    request,
    repositories: [
      lockedSource(source),
      ...used.map((cache) => lockedCache(closure.filter((one) => one.cache === cache))),
    ],
    packages,
  };
}

/** What said which paths the attributes are. */
function lockedSource({ name, digest }: PackageSource): LockedRepository {
  return { path: name, index: digest, signedBy: [] };
}

/** A cache has no index: each of its paths is signed by itself. */
function lockedCache(found: readonly ClosurePath[]): LockedRepository {
  const keys = new Set(found.map(({ signedBy }) => signedBy).filter((key) => key !== undefined));
  return { path: STORE_DIRECTORY.slice(1), index: "", signedBy: [...keys].toSorted() };
}

function solvedPackage(
  { narinfo, neededBy, dependents }: ClosurePath,
  roots: readonly Root[],
  system: string,
  repository: number,
): SolvedPackage {
  const { path, narHash, narSize, fileSize } = narinfo;
  const order = roots.findIndex((one) => one.path.base === path.base);
  const root = roots[order];
  return {
    ...namesOf(narinfo, root),
    architecture: system,
    size: fileSize ?? narSize,
    installedSize: narSize,
    reason: root?.why ?? `needed by ${neededBy?.name ?? "nothing"}`,
    dependents,
    repository,
    path: narinfo.url,
    checksum: `sha256:${digestHex(narHash)}`,
    license: root?.found.license ?? "",
    description: root?.found.description ?? "",
    homepage: root?.found.homepage ?? "",
    details: detailsOf(narinfo, root, order),
  };
}

function namesOf(
  { path, deriver }: ClosurePath["narinfo"],
  root: Root | undefined,
): ReturnType<typeof packageNames> {
  const derivation = deriver?.name.replace(/\.drv$/u, "");
  const found = root === undefined ? undefined : `${root.found.name}-${root.found.version}`;
  const names = packageNames(path, derivation ?? found);
  // A name that holds no version, as a wrapper's may not: the catalogue knows it.
  return names.version === "" && root !== undefined ? { ...names, version: root.found.version } : names;
}

function detailsOf(narinfo: ClosurePath["narinfo"], root: Root | undefined, order: number): Details {
  const { path, references, narSize, compression, fileHash, fileSize, deriver } = narinfo;
  return {
    storePath: storePathOf(path.base),
    references: references.map(({ base }) => base),
    narSize,
    compression,
    ...(fileHash === undefined ? {} : { fileHash }),
    ...(fileSize === undefined ? {} : { fileSize }),
    ...(deriver === undefined ? {} : { deriver: deriver.base }),
    ...(root === undefined
      ? {}
      : {
          root: {
            order,
            attribute: root.attribute,
            program: root.why === "asked for" ? root.found.program : "",
          },
        }),
  };
}
