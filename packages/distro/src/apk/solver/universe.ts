import { DistroError } from "../../errors.ts";
import type { Dependency } from "../dependency.ts";
import type { IndexPackage } from "../index/index-package.ts";
import { nameHash } from "./name-hash.ts";

/** A repository's packages as the solver sees them. */
export interface Repository {
  readonly packages: readonly IndexPackage[];
  /** `@tag` of its line in `/etc/apk/repositories`: its packages come only where the tag is asked for. */
  readonly tag?: string | undefined;
}

/** A dependency whose name is looked up. */
export interface Link {
  readonly dependency: Dependency;
  readonly name: Name;
}

/** A package with all its names looked up. */
export interface Package {
  readonly index: IndexPackage;
  readonly name: Name;
  readonly depends: readonly Link[];
  readonly provides: readonly Link[];
  readonly installIf: readonly Link[];
  /** Which repositories have it: bit `n` for the one with number `n`. */
  repositories: number;
}

/** One way to have a name: the package itself, or one that provides it. */
export interface Provider {
  readonly package: Package;
  /** What it counts as under that name; undefined where it is provided without a version. */
  readonly version: string | undefined;
  readonly checksum: string;
}

/** Whatever can be depended on: a package's own name, `so:…`, `cmd:…`, `pc:…`, any other that is provided. */
export interface Name {
  readonly id: number;
  readonly text: string;
  readonly providers: Provider[];
  /** Names of which a provider depends on this one. */
  readonly neededBy: Name[];
  /** Names of which a provider has this one in its install_if. */
  readonly triggers: Name[];
  /** Real packages alone, real and virtual ones, or virtual ones alone: chosen in that order. */
  virtuality: 0 | 1 | 2;
}

/** All names and packages of some repositories: made once, for any number of requests. */
export interface Universe {
  readonly names: ReadonlyMap<string, Name>;
  readonly packages: readonly Package[];
  /** Bits of the repositories without a tag. */
  readonly untagged: number;
  /** Bits of the repositories by tag. */
  readonly tagged: ReadonlyMap<string, number>;
}

/** Sets of repositories are bits of one number. */
const MAX_REPOSITORIES = 30;

/** Looks up all names of the repositories' packages. `TOO_MANY_REPOSITORIES` */
export function makeUniverse(repositories: readonly Repository[]): Universe {
  if (repositories.length > MAX_REPOSITORIES) {
    throw new DistroError(
      "TOO_MANY_REPOSITORIES",
      `${repositories.length} repositories at once; at most ${MAX_REPOSITORIES} are possible`,
      { kind: "usage" },
    );
  }
  const names = new Map<string, Name>();
  const packages = new Map<string, Package>();
  const tagged = new Map<string, number>();
  let untagged = 0;
  for (const [number, repository] of repositories.entries()) {
    const bit = 1 << number;
    if (repository.tag === undefined) untagged |= bit;
    else tagged.set(repository.tag, (tagged.get(repository.tag) ?? 0) | bit);
    for (const index of repository.packages) addPackage(names, packages, index, bit);
  }
  linkBackwards(names);
  return { names, packages: [...packages.values()], untagged, tagged };
}

/** A name that no package knows, as a request may have. */
export function makeName(text: string, id: number): Name {
  return { id, text, providers: [], neededBy: [], triggers: [], virtuality: 0 };
}

function addPackage(
  names: Map<string, Name>,
  packages: Map<string, Package>,
  index: IndexPackage,
  repository: number,
): void {
  const lookUp = (text: string): Name => {
    let name = names.get(text);
    if (name === undefined) {
      name = makeName(text, names.size);
      names.set(text, name);
    }
    return name;
  };
  const link = (dependency: Dependency): Link => ({ dependency, name: lookUp(dependency.name) });
  const name = lookUp(index.name);
  const depends = index.depends.map(link);
  const provides = index.provides.map(link);
  const installIf = index.installIf.map(link);
  const same = packages.get(index.checksum);
  if (same !== undefined) {
    same.repositories |= repository;
    return;
  }
  const added: Package = {
    index,
    name,
    depends,
    provides,
    installIf,
    repositories: repository,
  };
  packages.set(index.checksum, added);
  name.providers.push(providerOf(added));
  for (const provided of provides) provided.name.providers.push(providerOf(added, provided));
}

/** A package under its own name, or under one that it provides. */
export function providerOf(owner: Package, as?: Link): Provider {
  const version = as === undefined ? owner.index.version : as.dependency.version;
  return { package: owner, version, checksum: owner.index.checksum };
}

/**
 * Who looks at a name again when something changes about it, in the order in which apk-tools does.
 * That is the order of its hash table, and the set that is chosen can depend on it.
 */
function linkBackwards(names: ReadonlyMap<string, Name>): void {
  for (const name of inTableOrder([...names.values()])) {
    const needs = new Set<Name>();
    const triggers = new Set<Name>();
    let virtual = 0;
    for (const provider of name.providers) {
      if (provider.package.name !== name) virtual++;
      for (const link of provider.package.depends) needs.add(link.name);
      for (const link of provider.package.installIf) triggers.add(link.name);
    }
    for (const needed of needs) needed.neededBy.push(name);
    for (const trigger of triggers) trigger.triggers.push(name);
    if (virtual > 0) name.virtuality = virtual < name.providers.length ? 1 : 2;
  }
}

/** Buckets in apk-tools' table of names; a new name goes to the front of its bucket. */
const BUCKETS = 20_000;

function inTableOrder(names: readonly Name[]): readonly Name[] {
  return names
    .map((name) => ({ name, bucket: nameHash(name.text) % BUCKETS }))
    .toSorted((a, b) => a.bucket - b.bucket || b.name.id - a.name.id)
    .map(({ name }) => name);
}
