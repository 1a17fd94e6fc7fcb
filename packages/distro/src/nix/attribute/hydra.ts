import { isFault } from "@cooper/sys";
import { z } from "zod";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { inParallel } from "../../fetch/in-parallel.ts";
import { parseStorePath, splitName } from "../store/store-path.ts";
import { foundPackage } from "./catalogue.ts";
import { type FoundPackage, type PackageSource, spellings } from "./package-source.ts";

/** Bytes of what Hydra says of one build. */
const BUILD_LIMIT = 4 * 2 ** 20;
const PARALLEL = 4;

const build = z.object({
  nixname: z.string(),
  buildoutputs: z.record(z.string(), z.object({ path: z.string() })),
});

/**
 * Attributes from a Hydra, nixpkgs' build farm: each is asked for at an address of its own, which has
 * `{attribute}` and `{system}` in it and leads to the latest build of a job. It knows no list of
 * them, so capitals have to be right. `FETCH_FAILED`, `INDEX_INVALID`
 */
export function hydraSource(template: string, system: string, context: Context): PackageSource {
  const ask = async (
    attribute: string,
    signal: AbortSignal | undefined,
  ): Promise<FoundPackage | undefined> => {
    const address = template
      .replaceAll("{attribute}", encodeURIComponent(attribute))
      .replaceAll("{system}", system);
    try {
      const { bytes } = await context.fetcher.current(address, {
        limit: BUILD_LIMIT,
        headers: { accept: "application/json" },
        label: `${attribute} (build)`,
        signal,
      });
      return packageOf(attribute, bytes);
    } catch (error) {
      if (isFault(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  };
  return {
    name: "hydra",
    digest: "",
    find: async (attributes) => {
      const asked = await inParallel(
        attributes,
        PARALLEL,
        async (attribute, { signal }) => {
          for (const spelling of spellings(attribute)) {
            // oxlint-disable-next-line no-await-in-loop -- the second only where there is no first
            const found = await ask(spelling, signal);
            if (found !== undefined) return [attribute, found] as const;
          }
          return undefined;
        },
        context,
      );
      return new Map(asked.filter((pair) => pair !== undefined));
    },
    similar: () => [],
  };
}

function packageOf(attribute: string, bytes: Buffer): FoundPackage {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw invalid(attribute, "no JSON", cause);
  }
  const parsed = build.safeParse(value);
  if (!parsed.success) throw invalid(attribute, z.prettifyError(parsed.error), parsed.error);
  const { nixname, buildoutputs } = parsed.data;
  const outputs = Object.fromEntries(Object.entries(buildoutputs).map(([name, { path }]) => [name, path]));
  for (const path of Object.values(outputs)) {
    if (parseStorePath(path) === undefined)
      throw invalid(attribute, `${path.slice(0, 200)} is no store path`);
  }
  return foundPackage(attribute, { ...splitName(nixname), outputs });
}

function invalid(attribute: string, what: string, cause?: unknown): DistroError {
  return new DistroError("INDEX_INVALID", `what Hydra says of ${attribute} is no build: ${what}`, { cause });
}
