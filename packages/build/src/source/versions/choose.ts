import { BuildError } from "../../errors.ts";
import type { Settings } from "../providers/provider.ts";
import type { Source } from "../project/source.ts";
import { accepts } from "./accepts.ts";
import { type ToolName, TOOLS } from "./tools.ts";
import { type Wanted, wantedVersion } from "./wanted.ts";

/** Of the versions that can be had, the first that the project takes. `VERSION_UNAVAILABLE` */
export function chooseVersion<Version extends string>(
  source: Source,
  settings: Settings,
  tool: ToolName,
  available: readonly [Version, ...Version[]],
): Version {
  const wanted = wantedVersion(source, settings, tool);
  if (wanted === undefined) return available[0];
  const chosen = available.find((version) => accepts(wanted.version, version));
  if (chosen === undefined) throw versionUnavailable(tool, wanted, available);
  return chosen;
}

/** A version is asked for that cannot be had: who asks, and what there is. */
export function versionUnavailable(
  tool: ToolName,
  { version, from }: Wanted,
  available: readonly string[],
): BuildError {
  const { title, variable } = TOOLS[tool];
  const change = from === variable ? "" : `, or change ${from}`;
  return new BuildError(
    "VERSION_UNAVAILABLE",
    `${title} ${version} is asked for (${from}), and there is ${available.join(", ")}`,
    {
      advice: `Set ${variable}=${available[0] ?? "VERSION"}${change}.`,
      fields: { tool, wanted: version, from, available: available.join(",") },
    },
  );
}
