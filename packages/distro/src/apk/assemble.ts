import { basename, join } from "node:path";
import type { Cancellable, PathString } from "@cooper/archive";
import type { RunConfig } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { Lane } from "@cooper/transport";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly } from "../ecosystem/ecosystem.ts";
import type { LockedRepository, Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";
import { architectureOf } from "./architecture.ts";
import { packageMembers, MEMBERS_VERSION } from "./package/members.ts";
import { type CheckedPackage, fetchPackage } from "./package/fetch.ts";
import { findSource, repositorySources } from "./repository/configuration.ts";
import type { RepositorySource } from "./repository/source.ts";
import { type Ownership, settleOwnership } from "./root/ownership.ts";
import { findFile } from "./root/root-view.ts";
import { makeAccounts, withNamedOwners } from "./root/owners.ts";
import { type NewFile, RootTree } from "./root/root-tree.ts";
import { topMembers } from "./root/top.ts";
import { wholeFiles } from "./root/whole.ts";

/** Packages that are examined at a time; the fetcher has its own bound. */
const PARALLEL = 8;

/** Fetches and checks a solution's packages, and settles whose each file is. `Ecosystem.assemble` */
export async function assemble(solution: Solution, context: Context): Promise<Assembly> {
  const architecture = architectureOf(solution.platform);
  const fetched = await fetchAll(solution, sourcesOf(solution, context), architecture, context);
  const accounts = await makeAccounts(fetched, settleOwnership(fetched), context);
  const packages = withNamedOwners(fetched, accounts.after);
  const claims = settleOwnership(packages);
  const created = packages.reduce((newest, { control }) => Math.max(newest, control.info.buildDate), 0);
  const tree = new RootTree(claims);
  const files = await wholeFiles(packages, claims, {
    architecture,
    world: solution.request.packages,
    repositories: solution.repositories.map(({ path }) => path),
    keys: keysOf(solution.repositories),
    accounts,
    context,
  });
  for (const file of files) tree.write(file);
  const assembly: Assembly = {
    packages: packages.map((package_) => ({
      package: package_.solved,
      key: `apk ${package_.label} ${package_.solved.checksum} ${package_.control.info.dataHash} members ${MEMBERS_VERSION}`,
      members: (options: Cancellable) => packageMembers(package_, options),
    })),
    whole: async () => ({
      top: (options) => topMembers(packages, tree, created, options),
      run: runConfig(claims),
      created,
    }),
  };
  made.set(assembly, { packages, claims, files, created });
  return assembly;
}

interface Parts {
  readonly packages: readonly CheckedPackage[];
  readonly claims: Ownership;
  readonly files: readonly NewFile[];
  readonly created: number;
}

/** What assemblies were made of, for those who put more upon them. */
const made = new WeakMap<Assembly, Parts>();

/** The root of an image of apk packages, to be changed. */
export interface ApkRoot {
  readonly tree: RootTree;
  /** A file's content, links followed; undefined where there is no file. */
  read(path: PathString): Promise<Buffer | undefined>;
  /** Whether one of its packages is this, or provides it. */
  provides(name: string): boolean;
}

/** The same image with what `change` puts into its top layer. The packages' own layers stay as they are. */
export async function changeRoot(
  assembly: Assembly,
  change: (root: ApkRoot) => Promise<void>,
  options: Cancellable,
): Promise<Assembly> {
  const parts = made.get(assembly);
  if (parts === undefined) {
    throw new DistroError("REQUEST_INVALID", "only an image of apk packages can be changed so");
  }
  const { packages, claims, files, created } = parts;
  const tree = new RootTree(claims);
  for (const file of files) tree.write(file);
  await change({
    tree,
    read: async (path) => await tree.read(path, options),
    provides: (name) =>
      packages.some(
        ({ control: { info } }) =>
          info.name === name || info.provides.some((provided) => /^[^<>=~]+/u.exec(provided)?.[0] === name),
      ),
  });
  return {
    ...assembly,
    whole: async (inner) => ({
      ...(await assembly.whole(inner)),
      top: (cancel) => topMembers(packages, tree, created, cancel),
    }),
  };
}

/**
 * Where each repository of the solution is on this machine; or why that cannot be told, which matters
 * only where a package is not in the cache.
 */
function sourcesOf(
  { request, repositories }: Solution,
  context: Context,
): readonly RepositorySource[] | DistroError {
  try {
    const sources = repositorySources(request.release, context);
    return repositories.map(({ path }, place) => {
      const before = repositories.slice(0, place).filter((other) => other.path === path).length;
      return findSource(sources, path, before);
    });
  } catch (error) {
    if (error instanceof DistroError && error.code === "REPOSITORY_INVALID") return error;
    throw error;
  }
}

async function fetchAll(
  { packages }: Solution,
  sources: readonly RepositorySource[] | DistroError,
  architecture: string,
  context: Context,
): Promise<readonly CheckedPackage[]> {
  const lane = new Lane(PARALLEL);
  const abort = new AbortController();
  const signal =
    context.signal === undefined ? abort.signal : AbortSignal.any([context.signal, abort.signal]);
  const fetched = await Promise.allSettled(
    packages.map(async (solved) => {
      const leave = await lane.enter(signal);
      try {
        return await fetchFrom(sources, solved, architecture, { ...context, signal });
      } catch (error) {
        abort.abort(error); // the first fault is the one that counts
        throw error;
      } finally {
        leave();
      }
    }),
  );
  if (abort.signal.aborted) throw abort.signal.reason;
  return fetched.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

async function fetchFrom(
  sources: readonly RepositorySource[] | DistroError,
  solved: SolvedPackage,
  architecture: string,
  context: Context,
): Promise<CheckedPackage> {
  const file = basename(solved.path);
  if (sources instanceof DistroError) {
    try {
      // There is no such file: what is in the cache is not looked for there.
      return await fetchPackage(solved, join(context.cache.directory, "no-repository", file), context);
    } catch (error) {
      throw isFault(error, "NOT_FOUND") ? sources : error;
    }
  }
  const source = sources[solved.repository];
  if (source === undefined) {
    throw new DistroError("LOCK_INVALID", `${solved.name} is of a repository that is not named`);
  }
  return await fetchPackage(solved, `${source.root}/${source.packagePath(architecture, file)}`, context);
}

/** The keys that were trusted go into the image. */
function keysOf(repositories: readonly LockedRepository[]): ReadonlyMap<string, Uint8Array> {
  const keys = repositories.flatMap((repository) => Object.entries(repository.keys ?? {}));
  return new Map(keys.map(([name, pem]) => [name, Buffer.from(pem)]));
}

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const SHELLS: readonly PathString[] = ["bin/sh", "usr/bin/sh"];

function runConfig(claims: Ownership): RunConfig {
  const hasShell = SHELLS.some((path) => findFile(path, claims) !== undefined);
  return { Env: [PATH], ...(hasShell ? { Cmd: ["/bin/sh"] } : {}) };
}
