import { DistroError, type Lock, solutionSchema } from "@cooper/distro";
import { isDigest } from "@cooper/oci";
import { z } from "zod";

/**
 * What references of a plan came to, by reference: of packages every version and digest, as a lock file of
 * packages has them, and of an image that lies somewhere its digest. No host of packages is in it. What is
 * made of another reference (`flatten:`) is locked by that one.
 */
export const locksSchema = z.record(
  z.string(),
  z.union([
    z.strictObject({
      solutions: z.array(solutionSchema).min(1).readonly().describe("Of packages, one for each platform"),
    }),
    z.strictObject({
      digest: z.string().refine(isDigest, { error: "is no digest" }).describe("Of an image, or of its index"),
    }),
  ]),
);

export type Locks = z.infer<typeof locksSchema>;

/** A file that has locks: what `cooper lock DIRECTORY` writes, and any plan that has some. */
const lockFileSchema = z.looseObject({ version: z.literal(1), locks: locksSchema });

/** What `cooper lock DIRECTORY` writes; docs/schemas/lock.json has it beside the lock of packages. */
export const sourceLockSchema = z.strictObject({
  version: z.literal(1),
  locks: locksSchema.describe("By reference"),
});

export type SourceLock = z.infer<typeof sourceLockSchema>;

/** Locks out of a file of them, or out of a plan. `LOCK_INVALID`, which names the file and the place in it. */
export function parseLocks(value: unknown, path: string): Locks {
  const parsed = lockFileSchema.safeParse(value);
  if (parsed.success) return parsed.data.locks;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new DistroError(
    "LOCK_INVALID",
    `${path} has no locks of version 1: ${where}: ${issue?.message ?? ""}`,
    {
      cause: parsed.error,
      fields: { path },
      advice: "cooper lock DIRECTORY writes such a file, and cooper plan --lock a plan with locks.",
    },
  );
}

/** The locks of packages, as a resolver takes them. */
export function packageLocks(locks: Locks): readonly Lock[] {
  return Object.entries(locks).flatMap(([reference, lock]) =>
    "solutions" in lock ? [{ version: 1 as const, reference, solutions: lock.solutions }] : [],
  );
}
