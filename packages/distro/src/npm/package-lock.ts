import { z } from "zod";
import { DistroError } from "../errors.ts";
import { isPackageName } from "./request.ts";

/**
 * What npm solved: each package by its place in the tree, such as
 * `node_modules/a/node_modules/b` (package-lock.json, `lockfileVersion` 3, `packages`).
 */
export type PackageLock = ReadonlyMap<string, LockEntry>;

/** A package of a lock; what Cooper does not know of it is kept. */
export interface LockEntry {
  /** Where it stands under another name than its own. */
  readonly name?: string | undefined;
  readonly version: string;
  /** The address of its tarball, on whichever registry. */
  readonly resolved?: string | undefined;
  /** As of Subresource Integrity: `sha512-<base64>`, maybe several. */
  readonly integrity?: string | undefined;
  /** It came inside the tarball of the package that it stands in. */
  readonly inBundle?: boolean | undefined;
  /** The image is whole without it. */
  readonly optional?: boolean | undefined;
  readonly hasInstallScript?: boolean | undefined;
  readonly deprecated?: string | undefined;
  readonly license?: string | undefined;
  readonly os?: readonly string[] | undefined;
  readonly cpu?: readonly string[] | undefined;
  readonly libc?: readonly string[] | undefined;
  readonly engines?: Readonly<Record<string, string>> | undefined;
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined;
  readonly peerDependencies?: Readonly<Record<string, string>> | undefined;
}

/** More packages than this are no tree that anybody wants in an image. */
const MAX_PACKAGES = 50_000;

/** Reads what npm wrote. `INDEX_INVALID`: it is no lock, or has in it what no registry gave. */
export function parsePackageLock(text: string): PackageLock {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid("is no JSON", cause);
  }
  const read = lockSchema.safeParse(json);
  if (!read.success) throw invalid(z.prettifyError(read.error), read.error);
  const places = Object.keys(read.data.packages).filter((place) => place !== "");
  if (places.length > MAX_PACKAGES) throw invalid(`has more than ${MAX_PACKAGES} packages`);
  return new Map(places.map((place) => [place, parseLockEntry(place, read.data.packages[place])]));
}

/** One package of a lock, from npm or from Cooper's own lock file. `INDEX_INVALID` */
export function parseLockEntry(place: string, json: unknown): LockEntry {
  checkPlace(place);
  const read = entrySchema.safeParse(json);
  if (!read.success) throw invalid(`at ${place}: ${z.prettifyError(read.error)}`, read.error);
  const { link, ...entry } = read.data;
  if (link === true) {
    throw invalid(`at ${place}: it is a link to a directory of this machine, which no image can have`);
  }
  if (!isPackageName(nameOf(place, entry)))
    throw invalid(`at ${place}: ${JSON.stringify(entry.name)} is no name`);
  return entry;
}

/** What the registry calls it; a place can be under an alias. */
export function nameOf(place: string, entry: Pick<LockEntry, "name">): string {
  return entry.name ?? place.slice(place.lastIndexOf(NODE_MODULES) + NODE_MODULES.length);
}

/** The place that a package stands in, `""` for the root's. */
export function parentOf(place: string): string {
  const at = place.lastIndexOf(`/${NODE_MODULES}`);
  return at === -1 ? "" : place.slice(0, at);
}

/** A place comes from a lock file: it may lead nowhere but down. `INDEX_INVALID` */
export function checkPlace(place: string): void {
  const names = `/${place}`.split(`/${NODE_MODULES}`);
  if (names[0] === "" && names.length > 1 && names.slice(1).every(isPackageName)) return;
  throw invalid(`has a package at ${JSON.stringify(place)}, which is no place in node_modules`);
}

export const NODE_MODULES = "node_modules/";

const words = z.union([z.array(z.string()).readonly(), z.string().transform((word) => [word])]);
const ranges = z.record(z.string(), z.string()).readonly();

const entrySchema = z.looseObject({
  name: z.string().optional(),
  version: z.string(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  optional: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  // These three say nothing that an image stands or falls with; old packages write them in their own way.
  deprecated: z.string().optional().catch(undefined),
  license: z.string().optional().catch(undefined),
  engines: ranges.optional().catch(undefined),
  os: words.optional(),
  cpu: words.optional(),
  libc: words.optional(),
  dependencies: ranges.optional(),
  optionalDependencies: ranges.optional(),
  peerDependencies: ranges.optional(),
});

const lockSchema = z.looseObject({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), z.unknown()),
});

function invalid(what: string, cause?: unknown): DistroError {
  return new DistroError("INDEX_INVALID", `the lock that npm wrote ${what}`, { cause });
}
