import type { Platform } from "@cooper/oci";
import { type Cancellable } from "@cooper/archive";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { inParallel } from "../../fetch/in-parallel.ts";
import { type CatalogueEntry, formatCatalogue } from "./catalogue.ts";
import { evaluateAttributes } from "./local-nix.ts";
import { demandOf, parseRequest } from "./request.ts";

export interface CatalogueOptions extends Cancellable {
  /** The absolute path of a nixpkgs. */
  readonly nixpkgs: string;
  /** As a reference has them: `curl`, `xorg.xev`, `shell`. */
  readonly attributes: readonly string[];
  readonly platforms: readonly Platform[];
  /** What references call it. */
  readonly channel?: string | undefined;
  /** Default `process.env`. */
  readonly environment?: Context["environment"] | undefined;
}

/** A catalogue, and how many attributes it has for all systems together. */
export interface MadeCatalogue {
  readonly text: string;
  readonly attributes: number;
}

/** Systems that are evaluated at a time: each takes a gigabyte for all of nixpkgs. */
const PARALLEL = 2;

/**
 * A catalogue of attributes, evaluated by the host's Nix for each platform. What is put into every
 * image is in it as well, where nixpkgs has it.
 * `UNSOLVABLE`, `PLATFORM_UNSUPPORTED`, `REQUEST_INVALID`, `PROGRAM_MISSING`, `EVALUATION_FAILED`
 */
export async function makeCatalogue(options: CatalogueOptions): Promise<MadeCatalogue> {
  const { nixpkgs, platforms, channel, environment = process.env } = options;
  const request = parseRequest(options.attributes.join("/"));
  const evaluated = await inParallel(
    platforms,
    PARALLEL,
    async (platform, { signal }) => {
      const { system, wanted, added } = demandOf(request, platform);
      const asked = wanted.map(({ attribute }) => attribute);
      const attributes = [...new Set([...asked, ...added.map(({ attribute }) => attribute)])];
      const found = await evaluateAttributes({ nixpkgs, system, attributes, environment, signal });
      const missing = asked.filter((attribute) => !found.has(attribute));
      if (missing.length > 0) throw unknown(missing, nixpkgs, system);
      const entries = [...found.values()].map(({ attribute, entry }): [string, CatalogueEntry] => [
        attribute,
        entry,
      ]);
      return [system, Object.fromEntries(entries)] as const;
    },
    options,
  );
  const systems = Object.fromEntries(evaluated);
  const attributes = Object.values(systems).reduce((sum, entries) => sum + Object.keys(entries).length, 0);
  return { text: formatCatalogue(systems, channel), attributes };
}

function unknown(missing: readonly string[], nixpkgs: string, system: string): DistroError {
  return new DistroError("UNSOLVABLE", `${nixpkgs} has no ${missing.join(", no ")} for ${system}`, {
    fields: { missing: missing.join(" "), system },
  });
}
