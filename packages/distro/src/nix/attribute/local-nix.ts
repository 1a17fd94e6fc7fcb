import { isAbsolute } from "node:path";
import { z } from "zod";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { parseStorePath } from "../store/store-path.ts";
import { type CatalogueEntry, foundPackage } from "./catalogue.ts";
import { EVALUATE } from "./evaluate.ts";
import type { FoundPackage, PackageSource } from "./package-source.ts";
import { runNix } from "./run-nix.ts";

export interface EvaluateOptions {
  /** The directory or file of a nixpkgs, or of anything that gives a set of packages for a system. */
  readonly nixpkgs: string;
  readonly system: string;
  readonly attributes: readonly string[];
  readonly environment: Context["environment"];
  readonly signal?: AbortSignal | undefined;
}

/** An attribute that a local Nix evaluated. */
export interface Evaluated {
  /** As it is really written. */
  readonly attribute: string;
  readonly entry: CatalogueEntry;
}

const missing = z.null();
const evaluated = z.object({
  attribute: z.string(),
  name: z.string(),
  version: z.string(),
  outputs: z.record(z.string(), z.string()),
  install: z.array(z.string()),
  license: z.string(),
  description: z.string(),
  homepage: z.string(),
  program: z.string(),
});
const answer = z.record(z.string(), z.union([missing, evaluated, z.object({ refused: z.literal(true) })]));

/**
 * Evaluates attributes with the host's Nix, and builds nothing: store paths come of the recipes alone.
 * What nixpkgs refuses (broken, unfree, insecure) is `UNSOLVABLE`; what it does not have is left out.
 * `PROGRAM_MISSING`, `EVALUATION_FAILED`
 */
export async function evaluateAttributes(options: EvaluateOptions): Promise<ReadonlyMap<string, Evaluated>> {
  const { nixpkgs, system, attributes, environment, signal } = options;
  if (!isAbsolute(nixpkgs)) {
    throw new DistroError("REPOSITORY_INVALID", `${nixpkgs} is no absolute path of a nixpkgs`, {
      kind: "usage",
    });
  }
  const text = await runNix(
    "nix-instantiate",
    [
      "--eval",
      "--strict",
      "--json",
      "--expr",
      EVALUATE,
      "--argstr",
      "nixpkgs",
      nixpkgs,
      "--argstr",
      "system",
      system,
      "--argstr",
      "names",
      JSON.stringify(attributes),
    ],
    // Nothing is looked up or put into a store, so that no store is needed.
    { environment: { ...environment, NIX_REMOTE: environment["NIX_REMOTE"] ?? "dummy://" }, signal },
  );
  const parsed = answer.parse(JSON.parse(text));
  const found = new Map<string, Evaluated>();
  const refused: string[] = [];
  for (const [wanted, value] of Object.entries(parsed)) {
    if (value === null) continue;
    if ("refused" in value) {
      refused.push(wanted);
      continue;
    }
    const { attribute, ...entry } = value;
    for (const path of Object.values(entry.outputs))
      if (parseStorePath(path) === undefined) throw elsewhere(path);
    found.set(wanted, { attribute, entry: withoutEmpty(entry) });
  }
  if (refused.length === 0) return found;
  throw new DistroError("UNSOLVABLE", `nixpkgs refuses to evaluate ${refused.join(", ")}`, {
    advice: "It may be broken, unfree, insecure or not for this system: nix-instantiate tells why.",
  });
}

/** Attributes from a local Nix, which evaluates them in a nixpkgs at a path. */
export function localNixSource(nixpkgs: string, system: string, context: Context): PackageSource {
  const { environment, signal } = context;
  return {
    name: "nixpkgs",
    digest: "",
    find: async (attributes) => {
      const found = await evaluateAttributes({ nixpkgs, system, attributes, environment, signal });
      const entries = [...found].map(([wanted, { attribute, entry }]): [string, FoundPackage] => {
        return [wanted, foundPackage(attribute, entry)];
      });
      return new Map(entries);
    },
    similar: () => [],
  };
}

function withoutEmpty(entry: CatalogueEntry): CatalogueEntry {
  const { outputs, ...rest } = entry;
  return { ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== "")), outputs };
}

function elsewhere(path: string): DistroError {
  return new DistroError("REPOSITORY_INVALID", `the local Nix has its store elsewhere: ${path}`, {
    advice: "Only paths in /nix/store are the same on every machine.",
  });
}
