import { z } from "zod";
import type { SolvedPackage } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";
import { checkPlace, type LockEntry, parseLockEntry } from "./package-lock.ts";

/** What a solution keeps of a package of npm besides what all packages have. */
export type Details = RuntimeDetails | PackageDetails;

export interface RuntimeDetails {
  readonly kind: "runtime";
}

export interface PackageDetails {
  readonly kind: "package";
  /** Where in the tree: `node_modules/a/node_modules/b`. */
  readonly place: string;
  /** As npm's lock has it. */
  readonly entry: LockEntry;
  /** The packages that are inside its tarball, by place. */
  readonly bundled: ReadonlyMap<string, LockEntry>;
}

/** As JSON, for `SolvedPackage.details`; no address of a registry is left in it. */
export function detailsOf(details: Details): Readonly<Record<string, unknown>> {
  if (details.kind === "runtime") return { kind: "runtime" };
  const { place, entry, bundled } = details;
  return {
    kind: "package",
    place,
    entry: withoutSource(entry),
    ...(bundled.size === 0
      ? {}
      : { bundled: Object.fromEntries([...bundled].map(([at, inner]) => [at, withoutSource(inner)])) }),
  };
}

/** What `detailsOf` wrote, maybe long ago into a lock file: nothing in it is trusted. `LOCK_INVALID` */
export function readDetails(solved: SolvedPackage): Details {
  const read = detailsSchema.safeParse(solved.details);
  if (!read.success) throw invalid(solved, z.prettifyError(read.error), read.error);
  if (read.data.kind === "runtime") return { kind: "runtime" };
  const { place, entry, bundled } = read.data;
  try {
    checkPlace(place);
    return {
      kind: "package",
      place,
      entry: parseLockEntry(place, entry),
      bundled: new Map(Object.entries(bundled).map(([at, inner]) => [at, parseLockEntry(at, inner)])),
    };
  } catch (cause) {
    throw invalid(solved, cause instanceof Error ? cause.message : "", cause);
  }
}

const detailsSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("runtime") }),
  z.object({
    kind: z.literal("package"),
    place: z.string(),
    entry: z.unknown(),
    bundled: z.record(z.string(), z.unknown()).default({}),
  }),
]);

function withoutSource(entry: LockEntry): Readonly<Record<string, unknown>> {
  const kept = Object.entries(entry).filter(([key, value]) => !SOURCE.has(key) && value !== undefined);
  return Object.fromEntries(kept);
}

/** Where a tarball comes from and what it hashes to has its own place in a solution. */
const SOURCE: ReadonlySet<string> = new Set(["resolved", "integrity"]);

function invalid({ name, version }: SolvedPackage, what: string, cause: unknown): DistroError {
  return new DistroError("LOCK_INVALID", `the lock's entry of ${name} ${version} makes no sense: ${what}`, {
    cause,
    advice: "Write the lock anew.",
    fields: { package: name },
  });
}
