import type { LockedRepository, SolvedPackage } from "../ecosystem/solution.ts";
import { formatDependency } from "./dependency.ts";
import type { IndexPackage } from "./index/index-package.ts";
import type { TrustedKeys } from "./index/signature.ts";
import type { LoadedRepositories, LoadedRepository } from "./repository/load.ts";
import type { Reason } from "./solver/order.ts";
import type { SolvedPackage as Chosen } from "./solver/solve.ts";

/** What the solver chose, as every ecosystem says it. */
export function solvedPackages(
  chosen: readonly Chosen[],
  { repositories }: LoadedRepositories,
  architecture: string,
): readonly SolvedPackage[] {
  const dependents = countDependents(chosen);
  const byName = new Map(chosen.map(({ package: found }) => [found.name, found]));
  return chosen.map(({ package: found, reason }) => {
    const place = Math.max(0, placeOf(found, repositories));
    const file = `${found.name}-${found.version}.apk`;
    return {
      name: found.name,
      version: found.version,
      architecture: found.arch,
      origin: found.origin,
      originVersion: found.version,
      size: found.size,
      installedSize: found.installedSize,
      reason: reasonInWords(found, reason, byName),
      dependents: dependents.get(found) ?? 0,
      repository: place,
      path: repositories[place]?.source.packagePath(architecture, file) ?? file,
      checksum: found.checksum,
      license: found.license,
      description: found.description,
      homepage: found.url,
      details: detailsOf(found, repositories[place]),
    };
  });
}

export function lockedRepository(
  { source, digest, index: { signedBy, date } }: LoadedRepository,
  keys: TrustedKeys,
): LockedRepository {
  const key = signedBy === undefined ? undefined : keys.get(signedBy);
  return {
    path: source.path,
    index: digest,
    signedBy: signedBy === undefined ? [] : [signedBy],
    date,
    ...(signedBy === undefined || key === undefined
      ? {}
      : { keys: { [signedBy]: Buffer.from(key).toString("latin1") } }),
  };
}

/** The first repository that has this very build. */
function placeOf(found: IndexPackage, repositories: readonly LoadedRepository[]): number {
  return repositories.findIndex(({ checksums }) => checksums.has(found.checksum));
}

/** The rest of the index's record, as it stands there: a lock is enough to install without the index. */
function detailsOf(found: IndexPackage, from: LoadedRepository | undefined): Record<string, unknown> {
  const facts = {
    maintainer: found.maintainer,
    commit: found.commit,
    depends: found.depends.map(formatDependency).join(" "),
    provides: found.provides.map(formatDependency).join(" "),
    installIf: found.installIf.map(formatDependency).join(" "),
    buildTime: found.buildTime,
    providerPriority: found.providerPriority === 0 ? undefined : found.providerPriority,
    tag: from?.source.tag,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== ""));
}

function reasonInWords(
  found: IndexPackage,
  reason: Reason,
  byName: ReadonlyMap<string, IndexPackage>,
): string {
  if (reason.kind === "asked") return "asked for";
  if (reason.kind === "install-if") return `comes with ${reason.because.join(" and ")}`;
  const need = byName
    .get(reason.by)
    ?.depends.find((dependency) => !dependency.isConflict && namesOf(found).has(dependency.name));
  const what = need === undefined ? "" : formatDependency(need);
  return `needed by ${reason.by}${what === "" || what === found.name ? "" : ` (${what})`}`;
}

function countDependents(chosen: readonly Chosen[]): ReadonlyMap<IndexPackage, number> {
  const owners = new Map<string, IndexPackage>();
  for (const { package: found } of chosen) for (const name of namesOf(found)) owners.set(name, found);
  const counts = new Map<IndexPackage, number>();
  for (const { package: needer } of chosen) {
    const needed = new Set(
      needer.depends.filter(({ isConflict }) => !isConflict).map(({ name }) => owners.get(name)),
    );
    for (const found of needed) {
      if (found !== undefined && found !== needer) counts.set(found, (counts.get(found) ?? 0) + 1);
    }
  }
  return counts;
}

function namesOf({ name, provides }: IndexPackage): ReadonlySet<string> {
  return new Set([name, ...provides.map((provided) => provided.name)]);
}
