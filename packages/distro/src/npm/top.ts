import { posix } from "node:path";
import type { Cancellable, TarInput } from "@cooper/archive";
import { serializeJson } from "@cooper/oci";
import type { SolvedPackage } from "../ecosystem/solution.ts";
import type { Bins } from "./bins.ts";
import type { PackageDetails } from "./details.ts";
import { integrityOf } from "./integrity.ts";
import { type LockEntry, parentOf } from "./package-lock.ts";
import { GLOBAL_ROOT, ROOT } from "./place.ts";
import { type Asked, RUNTIME } from "./request.ts";
import { resolve } from "./select.ts";
import { USER, USER_FILES, userFile, withUser } from "./users.ts";

/** A package at its place, with what its tarball was found to hold. */
export interface Placed {
  readonly solved: SolvedPackage;
  readonly details: PackageDetails;
  readonly bins: Bins;
}

export interface TopOptions {
  readonly asked: Asked;
  readonly packages: readonly Placed[];
  /** The top of what the image stands on. */
  readonly base: (options: Cancellable) => AsyncIterable<TarInput>;
}

/**
 * What belongs to the whole image, over the base's own: links to commands, the files by which npm
 * and scanners know the tree, the user, and directories that are theirs.
 */
export async function* topMembers(options: TopOptions, cancellable: Cancellable): AsyncIterable<TarInput> {
  const given = new Set<string>();
  const userFiles = new Map(USER_FILES);
  for await (const member of options.base(cancellable)) {
    const file = userFiles.get(member.path);
    given.add(member.path);
    userFiles.delete(member.path);
    yield file === undefined || member.type !== "file" ? member : await withUser(member, file);
  }
  const own = [
    ...[...userFiles].map(([path, file]) => userFile(path, file)),
    ...records(options),
    ...links(options, ROOT),
  ];
  const directories = new Map(
    own.flatMap(({ path }) => ancestors(path)).map((path) => [path, directory(path)]),
  );
  for (const special of SPECIAL_DIRECTORIES) {
    for (const path of ancestors(special.path))
      if (!directories.has(path)) directories.set(path, directory(path));
    directories.set(special.path, special);
  }
  for (const [path, member] of [...directories].toSorted(byPath)) if (!given.has(path)) yield member;
  yield* own.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Of packages that stand as `npm install --global` has them: the links to their commands. */
export async function* globalLinks(options: Omit<TopOptions, "base">): AsyncIterable<TarInput> {
  const found = links(options, GLOBAL_ROOT);
  for (const path of new Set(found.flatMap((link) => ancestors(link.path)))) yield directory(path);
  yield* found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const SPECIAL_DIRECTORIES: readonly TarInput[] = [
  { path: USER.home, type: "directory", mode: 0o700, uid: USER.id, gid: USER.id },
  { path: "tmp", type: "directory", mode: 0o1777 },
];

/** As npm writes them: `npm ci` in a copy of the directory gives the same tree. */
function records({ asked: { packages: wanted }, packages }: Omit<TopOptions, "base">): readonly TarInput[] {
  const asked = new Set(wanted.map(({ name }) => name).filter((name) => name !== RUNTIME));
  const roots = packages.filter(
    ({ details }) => parentOf(details.place) === "" && asked.has(aliasOf(details)),
  );
  const dependencies = Object.fromEntries(
    roots.map(({ solved, details }) => [aliasOf(details), solved.version]),
  );
  const entries = packages.flatMap(({ solved, details: { place, entry, bundled } }) => [
    [place, { ...entry, integrity: integrityOf(solved.checksum) }] as const,
    ...bundled,
  ]);
  // npm takes a lock for broken that lacks an optional package, for whichever platform it is.
  const present = new Map(entries);
  const complete = entries.map(([place, entry]) => [place, withoutMissing(place, entry, present)] as const);
  const name = "image";
  const root = { name, private: true, dependencies };
  const lock = {
    name,
    lockfileVersion: 3,
    requires: true,
    packages: Object.fromEntries([["", { name, dependencies }], ...complete]),
  };
  return [
    { path: `${ROOT}/package.json`, type: "file", mode: 0o644, bytes: Buffer.from(serializeJson(root)) },
    { path: `${ROOT}/package-lock.json`, type: "file", mode: 0o644, bytes: Buffer.from(serializeJson(lock)) },
  ];
}

function withoutMissing(place: string, entry: LockEntry, present: ReadonlyMap<string, LockEntry>): LockEntry {
  const { optionalDependencies, ...rest } = entry;
  if (optionalDependencies === undefined) return entry;
  const there = Object.entries(optionalDependencies).filter(
    ([name]) => resolve(place, name, present) !== undefined,
  );
  return there.length === 0 ? rest : { ...rest, optionalDependencies: Object.fromEntries(there) };
}

/** The name by which a package is required. */
function aliasOf({ place }: PackageDetails): string {
  return place.slice("node_modules/".length);
}

/** Commands of what was asked for in the PATH; and of every package in `.bin`, where npm has them. */
function links({ asked, packages }: Omit<TopOptions, "base">, root: string): readonly TarInput[] {
  const names = new Set(asked.packages.map(({ name }) => name));
  const found = new Map<string, TarInput>();
  const link = (path: string, target: string): void => {
    // The first package keeps a name that two have; the runtime's is its own.
    if (found.has(path) || path === "usr/local/bin/node") return;
    const linkPath = posix.relative(posix.dirname(path), target);
    found.set(path, { path, type: "symlink", mode: 0o777, linkPath });
  };
  for (const { details, bins } of packages) {
    const { place } = details;
    const parent = [root, parentOf(place), "node_modules/.bin"].filter((part) => part !== "").join("/");
    for (const [name, file] of Object.entries(bins)) {
      const target = `${root}/${place}/${file}`;
      if (parentOf(place) === "" && names.has(aliasOf(details))) link(`usr/local/bin/${name}`, target);
      link(`${parent}/${name}`, target);
    }
  }
  return [...found.values()];
}

function directory(path: string): TarInput {
  return { path, type: "directory", mode: 0o755 };
}

function ancestors(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

function byPath([a]: readonly [string, TarInput], [b]: readonly [string, TarInput]): number {
  return a < b ? -1 : 1;
}
