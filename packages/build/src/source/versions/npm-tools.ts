import { isFault } from "@cooper/sys";
import { BuildError } from "../../errors.ts";
import type { Source } from "../project/source.ts";
import type { Settings } from "../providers/provider.ts";
import { type ToolName, TOOLS } from "./tools.ts";
import { wantedVersion } from "./wanted.ts";

/** Tools that npm has packages of, by the same names. */
const OF_NPM = ["node", "bun", "deno"] as const satisfies readonly ToolName[];

/** npm's package of a tool, in the version that a project asks for: which there are, only the registry knows. */
export function npmReferenceTo(source: Source, settings: Settings, tool: (typeof OF_NPM)[number]): string {
  const wanted = wantedVersion(source, settings, tool);
  // A slash would be the next package's.
  return `npm:${tool}${wanted === undefined ? "" : `=${wanted.version.replaceAll("/", "")}`}`;
}

/**
 * What opening a plan's reference threw; where there is no such version of a tool, `VERSION_UNAVAILABLE` that says
 * who asks for it.
 */
export function withAsker(error: unknown, reference: string, source: Source, settings: Settings): unknown {
  if (!isFault(error, "UNSOLVABLE")) return error;
  const tool = OF_NPM.find((each) => npmReferenceTo(source, settings, each) === reference);
  const wanted = tool === undefined ? undefined : wantedVersion(source, settings, tool);
  if (tool === undefined || wanted === undefined) return error;
  const { title, variable } = TOOLS[tool];
  const { version, from } = wanted;
  const change = from === variable ? `Change ${variable}` : `Set ${variable}, or change ${from}`;
  return new BuildError(
    "VERSION_UNAVAILABLE",
    `${title} ${version} is asked for (${from}): ${error.message}`,
    {
      cause: error,
      advice: `${change}. ${error.advice ?? ""}`.trim(),
      fields: { tool, wanted: version, from },
    },
  );
}
