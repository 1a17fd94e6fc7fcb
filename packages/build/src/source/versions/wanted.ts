import type { Settings } from "../providers/provider.ts";
import type { Source } from "../project/source.ts";
import { type Tool, type ToolName, TOOLS } from "./tools.ts";

/** A version that is asked for, and who asks. */
export interface Wanted {
  /** As it is written there, without what every version of the tool begins with: `3.11`, `>=20 <23`. */
  readonly version: string;
  /** A file of the source, or the setting's name: `.python-version`, `PYTHON_VERSION`. */
  readonly from: string;
}

/**
 * The version of a tool that a project asks for: by the setting `NAME_VERSION`, else in the first of the
 * tool's places (`tools.ts`) that has one. Undefined where nobody asks, or where any version will do
 * (`latest`, `lts/*`). `SOURCE_INVALID` where a place is not what its name says.
 */
export function wantedVersion(source: Source, settings: Settings, name: ToolName): Wanted | undefined {
  const tool = TOOLS[name];
  const set = settings.variables[tool.variable];
  const asked = set === undefined ? firstOf(source, name) : { version: set, from: tool.variable };
  if (asked === undefined) return undefined;
  const version = clean(asked.version, name);
  return ANY.test(version) ? undefined : { ...asked, version };
}

/** What asks for no version in particular. */
const ANY = /^(|\*|x|any|latest|newest|system|stable|node|lts|lts\/\*)$/i;

function firstOf(source: Source, name: ToolName): Wanted | undefined {
  for (const { path, read } of TOOLS[name].places) {
    const version = source.has(path) ? read(source)?.trim() : undefined;
    if (version !== undefined && version !== "") return { version, from: path };
  }
  return undefined;
}

function clean(version: string, name: ToolName): string {
  const { prefix, names }: Tool = TOOLS[name];
  return names?.[version.trim().toLowerCase()] ?? version.trim().replace(prefix ?? /^v(?=\d)/, "");
}
