import { isDigest, type Platform } from "@cooper/oci";
import { z } from "zod";
import type { Solution } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";

/**
 * Every input of an image by version and digest, as a lock file has it: enough to make the image
 * again bit for bit, with no index and, once the packages are in the cache, with no network.
 */
export interface Lock {
  readonly version: 1;
  /** What was locked: a reference (`apt:curl/jq:bookworm`) or the name of a file. */
  readonly reference: string;
  /** `sha256:…` of the file that it was made from, with all that it includes. */
  readonly source?: string | undefined;
  /** One for each platform. */
  readonly solutions: readonly Solution[];
}

const text = z.string();
const count = z.number().nonnegative();
const platform: z.ZodType<Platform> = z.strictObject({
  os: text,
  architecture: text,
  variant: text.optional(),
  "os.version": text.optional(),
  "os.features": z.array(text).readonly().optional(),
});
/** A path below a mirror: an address would say where one machine found it. */
const pathBelow = text.refine((value) => !/^[a-z][a-z0-9+.-]*:\/\/|^\/\//i.test(value), {
  error: "is an address, and a lock names no host",
});

const solvedPackage = z.strictObject({
  name: text,
  version: text,
  architecture: text,
  origin: text.describe("The source package"),
  originVersion: text,
  size: count.describe("Bytes of its file"),
  installedSize: count.describe("Bytes"),
  reason: text.describe("Why it is there"),
  dependents: count.optional().describe("How many packages of the set need it"),
  repository: z.number().int().nonnegative().describe("Its place in repositories"),
  path: pathBelow.describe("Of its file, below the repository's root"),
  checksum: text.describe("sha256:…, sha512:… or apk's Q1…"),
  license: text,
  description: text,
  homepage: text,
  details: z.record(text, z.unknown()).optional().describe("What else its ecosystem needs"),
});

const repository = z.strictObject({
  path: pathBelow.describe("Below the mirror"),
  index: z.union([z.literal(""), text.refine(isDigest, { error: "is no digest" })]),
  signedBy: z.array(text).readonly(),
  keys: z.record(text, text).optional().describe("Public keys by those names, in PEM"),
  date: z.number().optional().describe("Seconds since 1970"),
});

export const solutionSchema: z.ZodType<Solution> = z.strictObject({
  ecosystem: z.enum(["apt", "apk", "nix", "npm"]),
  platform,
  request: z.strictObject({ packages: z.array(text).readonly(), release: text.optional() }),
  repositories: z.array(repository).readonly(),
  packages: z.array(solvedPackage).readonly(),
  get base() {
    return solutionSchema.optional();
  },
});

/** docs/schemas/lock.json is written from it. */
export const lockSchema: z.ZodType<Lock> = z.strictObject({
  version: z.literal(1),
  reference: text,
  source: text.optional(),
  solutions: z.array(solutionSchema).min(1).readonly(),
});

/** A lock from a file's text. `LOCK_INVALID`, which names the file and the place in it. */
export function parseLock(json: string, path: string): Lock {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw invalid(path, "is not JSON", cause);
  }
  return lockFrom(value, path);
}

/** The same, of what stands in its JSON. */
export function lockFrom(value: unknown, path: string): Lock {
  const parsed = lockSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "it" : issue.path.join(".");
  throw invalid(path, `is no lock of version 1: ${where}: ${issue?.message ?? ""}`, parsed.error);
}

/** A lock as a file has it: the same lock gives the same bytes. */
export function formatLock(lock: Lock): string {
  return `${JSON.stringify(lock, undefined, 2)}\n`;
}

/**
 * What locks say of a reference, for these platforms; none given means all that there are.
 * `LOCK_INVALID` where they were made for something else.
 */
export function solutionsOf(
  locks: readonly Lock[],
  reference: string,
  platforms: readonly Platform[],
): readonly Solution[] {
  const lock = locks.find((each) => each.reference === reference);
  if (lock === undefined) {
    const others = locks.map((each) => each.reference).join(", ");
    throw new DistroError("LOCK_INVALID", `the lock is for ${others}, and not for ${reference}`, {
      advice: `Lock it anew: cooper lock ${reference}`,
    });
  }
  if (platforms.length === 0) return lock.solutions;
  return platforms.map((wanted) => {
    const found = lock.solutions.find((solution) => isSame(solution.platform, wanted));
    if (found !== undefined) return found;
    throw new DistroError("LOCK_INVALID", `the lock has nothing for ${show(wanted)}`, {
      advice: `It has ${lock.solutions.map((solution) => show(solution.platform)).join(", ")}; lock it anew with --platform.`,
    });
  });
}

/** Versions by package name, of a base too: what `Context.keep` takes. */
export function versionsOf(solutions: readonly Solution[]): Map<string, string> {
  const packages = solutions.flatMap((solution) => [
    ...(solution.base?.packages ?? []),
    ...solution.packages,
  ]);
  return new Map(packages.map(({ name, version }) => [name, version]));
}

function isSame(a: Platform, b: Platform): boolean {
  return show(a) === show(b);
}

function show({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

function invalid(path: string, what: string, cause: unknown): DistroError {
  return new DistroError("LOCK_INVALID", `${path} ${what}`, {
    cause,
    fields: { path },
    advice: "cooper lock writes one.",
  });
}
