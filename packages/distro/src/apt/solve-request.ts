import type { Platform } from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { PackageRequest } from "../ecosystem/ecosystem.ts";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { loadSources } from "./index/load-sources.ts";
import { BASE_PACKAGES, BASE_REASON } from "./install/base-packages.ts";
import { debianArchitecture } from "./platform.ts";
import { type AptRequest, readRequest } from "./request.ts";
import type { Placed } from "./solver/order.ts";
import { solve } from "./solver/solve.ts";
import { type Source, Universe } from "./solver/universe.ts";
import { readHost } from "./sources/host.ts";

/**
 * Reads the host's or the given repositories' indexes, checks them and solves.
 *
 * `UNSOLVABLE`, `REQUEST_INVALID`, `REPOSITORY_INVALID`, `PLATFORM_UNSUPPORTED`, `INDEX_…`,
 * `KEY_…`, `SIGNATURE_INVALID`, `FETCH_FAILED`, …
 */
export async function solveRequest(
  request: PackageRequest,
  platform: Platform,
  context: Context,
): Promise<Solution> {
  const wanted = readRequest(request);
  const architecture = debianArchitecture(platform);
  const host = readHost(context.hostRoot);
  const { sources, repositories } = await loadSources(host, request.release, architecture, context);
  const base = baseOf(wanted, sources);
  const wishes = [...base, ...wishesOf(wanted, sources)];
  const placed = solve(new Universe(sources, architecture), wishes, {
    recommends: wanted.recommends,
    keep: context.keep,
    // What a host prefers among its own sources says nothing about others.
    pins: context.repositories === undefined ? host.pins : [],
    target: targetOf(request.release, sources),
  });
  const packages = placed.map((one) => {
    const solved = solvedPackage(one);
    return base.includes(solved.name) ? { ...solved, reason: BASE_REASON } : solved;
  });
  const downloadSize = packages.reduce((sum, { size }) => sum + size, 0);
  context.onEvent({ type: "solved", packages: packages.length, downloadSize });
  return { ecosystem: "apt", platform, request, repositories, packages };
}

/** A release from which nothing is taken by itself, such as backports, is preferred where it is asked for. */
function targetOf(release: string | undefined, sources: readonly Source[]): string | undefined {
  if (release === undefined) return undefined;
  const isAddition = sources.some(
    ({ release: { suite, codename, notAutomatic } }) =>
      notAutomatic && (suite === release || codename === release),
  );
  return isAddition ? release : undefined;
}

/** What is added to make a system of the packages: as far as the archives have it and nobody asks for it. */
function baseOf({ base, wishes }: AptRequest, sources: readonly Source[]): readonly string[] {
  if (base === "left out") return [];
  const asked = new Set(wishes.map((wish) => wish.replace(/[=/].*$/, "")));
  return BASE_PACKAGES.filter((name) => {
    return !asked.has(name) && sources.some(({ index }) => isThere(index, name));
  });
}

function isThere(index: Source["index"], name: string): boolean {
  const number = index.find(name);
  return number !== undefined && index.packagesNamed(number).length > 0;
}

function wishesOf(
  { wishes, priorities, isEssentialAsked }: AptRequest,
  sources: readonly Source[],
): string[] {
  const names = new Set(wishes);
  const add = (field: string, value: string): void => {
    for (const { index } of sources) {
      for (const number of index.packagesWith(field, value)) names.add(index.nameOfPackage(number));
    }
  };
  if (isEssentialAsked) add("Essential", "yes");
  for (const priority of priorities) add("Priority", priority);
  return [...names];
}

function solvedPackage({ version, reason }: Placed): SolvedPackage {
  const owner = version.package;
  const details = {
    ...(owner.multiArch === "no" ? {} : { multiArch: owner.multiArch }),
    ...(owner.isEssential ? { essential: true } : {}),
  };
  return {
    name: owner.name,
    version: owner.version,
    architecture: owner.architecture,
    origin: owner.source,
    originVersion: owner.sourceVersion,
    size: owner.size,
    installedSize: owner.installedSize,
    reason,
    repository: version.sources[0] ?? 0,
    path: owner.path,
    checksum: owner.checksum,
    license: "",
    description: owner.description,
    homepage: owner.homepage,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}
