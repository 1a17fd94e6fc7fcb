import type { Platform } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import type { Context } from "../ecosystem/context.ts";
import type { PackageRequest } from "../ecosystem/ecosystem.ts";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { loadSources } from "./index/load-sources.ts";
import { BASE_PACKAGES, BASE_REASON } from "./install/base-packages.ts";
import { debianArchitecture } from "./platform.ts";
import { type AptRequest, readRequest } from "./request.ts";
import type { Placed } from "./solver/order.ts";
import { parseWish } from "./solver/wish.ts";
import { solve, type SolveOptions } from "./solver/solve.ts";
import { type Source, Universe } from "./solver/universe.ts";
import { readHost } from "./sources/host.ts";

/**
 * Reads the host's or the given repositories' indexes, checks them and solves. `packages` is what
 * `apt-get install` chooses on an empty system; what every image stands on besides is the `base`.
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
  const { sources, repositories } = await loadSources(
    host,
    { release: request.release, others: releasesIn(wanted) },
    architecture,
    context,
  );
  const universe = new Universe(sources, architecture);
  const options: SolveOptions = {
    recommends: wanted.recommends,
    keep: context.keep,
    // What a host prefers among its own sources says nothing about others.
    pins: context.repositories === undefined ? host.pins : [],
    target: targetOf(request.release, sources),
  };
  const placed = solve(universe, wishesOf(wanted, sources), options);
  const base = wanted.base === "left out" ? [] : solveBase(universe, placed, options, context);
  const packages = placed.map(solvedPackage);
  const downloadSize = [...packages, ...base].reduce((sum, { size }) => sum + size, 0);
  context.onEvent({ type: "solved", packages: packages.length + base.length, downloadSize });
  const solution: Solution = { ecosystem: "apt", platform, request, repositories, packages };
  if (base.length === 0) return solution;
  return { ...solution, base: { ...solution, request: baseRequest(request), packages: base } };
}

/** Releases that single packages are to come from. */
function releasesIn({ wishes }: AptRequest): readonly string[] {
  const versions = wishes.map((wish) => parseWish(wish).version);
  return [
    ...new Set(versions.flatMap((each) => (each?.kind === "release" ? [each.pattern] : []))),
  ].toSorted();
}

function baseRequest({ release }: PackageRequest): PackageRequest {
  return { packages: BASE_PACKAGES, ...(release === undefined ? {} : { release }) };
}

/**
 * What is added to make a system of the packages, as far as the archives have it, and what that needs
 * besides them: it changes nothing about what was chosen for the request.
 */
function solveBase(
  universe: Universe,
  placed: readonly Placed[],
  options: SolveOptions,
  { onEvent }: Context,
): readonly SolvedPackage[] {
  const chosen = new Set(placed.map(({ version }) => version));
  const names = new Set(placed.map(({ version }) => version.name.text));
  const missing = BASE_PACKAGES.filter((name) => !names.has(name) && universe.name(name).versions.length > 0);
  if (missing.length === 0) return [];
  try {
    return solve(universe, missing, { ...options, given: [...chosen] })
      .filter(({ version }) => !chosen.has(version))
      .map((each) => {
        const solved = solvedPackage(each);
        return missing.includes(solved.name) ? { ...solved, reason: BASE_REASON } : solved;
      });
  } catch (error) {
    if (!isFault(error, "UNSOLVABLE")) throw error;
    const message = `cannot be with what was asked for, and is left out: ${error.message}`;
    onEvent({ type: "warning", subject: missing.join(", "), message });
    return [];
  }
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

function solvedPackage({ version, reason, dependents }: Placed): SolvedPackage {
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
    dependents,
    repository: version.sources[0] ?? 0,
    path: owner.path,
    checksum: owner.checksum,
    license: "",
    description: owner.description,
    homepage: owner.homepage,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}
