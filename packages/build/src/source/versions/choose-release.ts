import type { Settings } from "../providers/provider.ts";
import type { Source } from "../project/source.ts";
import { chooseVersion } from "./choose.ts";
import type { ToolName } from "./tools.ts";

/** A tool as one of Debian's releases has it. */
export interface Packaged {
  readonly version: string;
  /** Debian's word for the release: `bookworm`. */
  readonly release: string;
}

/** Of the releases that have a tool, the first whose version the project takes. `VERSION_UNAVAILABLE` */
export function chooseRelease<First extends Packaged, Other extends Packaged>(
  source: Source,
  settings: Settings,
  tool: ToolName,
  [first, ...others]: readonly [First, ...Other[]],
): First | Other {
  const available = [first.version, ...others.map(({ version }) => version)] as const;
  const chosen = chooseVersion(source, settings, tool, available);
  return others.find(({ version }) => version === chosen) ?? first;
}
