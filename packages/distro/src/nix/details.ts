import { type Digest, isDigest } from "@cooper/oci";
import { z } from "zod";
import type { SolvedPackage } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";
import { parseStoreBase, parseStorePath, type StorePath } from "./store/store-path.ts";

const digest = z.custom<Digest>(
  (value) => typeof value === "string" && isDigest(value) && value.startsWith("sha256:"),
);
const base = z.string().refine((text) => parseStoreBase(text) !== undefined);

/** What a lock holds of a store path besides what every package has; JSON. */
const details = z.object({
  storePath: z.string().refine((text) => parseStorePath(text) !== undefined),
  /** As narinfo has them. */
  references: z.array(base),
  /** Bytes of the archive. */
  narSize: z.number().int().positive(),
  compression: z.string(),
  fileHash: digest.optional(),
  fileSize: z.number().int().positive().optional(),
  deriver: base.optional(),
  /** Of what was asked for and what is always added. */
  root: z
    .object({
      /** Its place among them: the first one's files count. */
      order: z.number().int().nonnegative(),
      attribute: z.string(),
      /** The name of its main program; empty where it is not known. */
      program: z.string(),
    })
    .optional(),
});

export type Details = z.infer<typeof details>;

/** A package of a solution as Nix knows it. */
export interface SolvedPath extends Details {
  readonly package: SolvedPackage;
  readonly path: StorePath;
  readonly narHash: Digest;
}

/** The store path behind a solved package, as it was solved or as a lock has it. `LOCK_INVALID` */
export function solvedPath(solved: SolvedPackage): SolvedPath {
  const parsed = details.safeParse(solved.details);
  const path = parseStorePath(parsed.data?.storePath ?? "");
  const narHash = digest.safeParse(solved.checksum).data;
  if (parsed.success && path !== undefined && narHash !== undefined) {
    return { ...parsed.data, package: solved, path, narHash };
  }
  const what = parsed.success ? "its checksum is none" : z.prettifyError(parsed.error);
  throw new DistroError("LOCK_INVALID", `the lock does not say what ${solved.name} is: ${what}`, {
    advice: "Make the lock again.",
    fields: { package: solved.name },
  });
}
