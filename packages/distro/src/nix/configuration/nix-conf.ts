import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileFault } from "@cooper/archive";
import { errnoOf } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";

/** The settings of Nix by name, the words of each. */
export type Settings = ReadonlyMap<string, readonly string[]>;

type Host = Pick<Context, "environment" | "hostRoot">;

/** How deep files may include each other. */
const MAX_INCLUDES = 20;
/** What settings were called before. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  "binary-caches": "substituters",
  "binary-cache-public-keys": "trusted-public-keys",
};

/**
 * What the host's nix.conf says (Nix manual, "nix.conf"): the system's, then the user's, then
 * `$NIX_CONFIG`; each later one counts, and `extra-NAME` adds to what was said. `REPOSITORY_INVALID`
 */
export async function readSettings(host: Host): Promise<Settings> {
  const settings = new Map<string, readonly string[]>();
  for (const path of settingsFiles(host)) {
    // oxlint-disable-next-line no-await-in-loop -- a later file overrides an earlier one
    await readSettingsFile(path, settings, "optional", 0);
  }
  await apply(host.environment["NIX_CONFIG"] ?? "", "NIX_CONFIG", settings, host.hostRoot, 0);
  return settings;
}

/** The files in the order in which they count. */
function settingsFiles({ environment, hostRoot }: Host): readonly string[] {
  const under = (path: string): string => join(hostRoot, path);
  const system = under(join(environment["NIX_CONF_DIR"] ?? "/etc/nix", "nix.conf"));
  const named = environment["NIX_USER_CONF_FILES"];
  if (named !== undefined) return [system, ...pathsIn(named).toReversed().map(under)];
  const home = environment["HOME"];
  const own = environment["XDG_CONFIG_HOME"] ?? (home === undefined ? undefined : join(home, ".config"));
  const shared = pathsIn(environment["XDG_CONFIG_DIRS"] ?? "/etc/xdg");
  const directories = own === undefined ? shared : [own, ...shared];
  return [system, ...directories.toReversed().map((path) => under(join(path, "nix/nix.conf")))];
}

function pathsIn(text: string): readonly string[] {
  return text.split(":").filter((path) => path !== "");
}

async function readSettingsFile(
  path: string,
  settings: Map<string, readonly string[]>,
  presence: "required" | "optional",
  depth: number,
): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (presence === "optional" && ["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return;
    throw fileFault("read", path, error);
  }
  await apply(text, path, settings, dirname(path), depth);
}

async function apply(
  text: string,
  source: string,
  settings: Map<string, readonly string[]>,
  directory: string,
  depth: number,
): Promise<void> {
  if (depth > MAX_INCLUDES) throw invalid(source, 1, "files include each other without end");
  for (const [at, line] of text.split("\n").entries()) {
    const [name = "", second, ...rest] = line
      .replace(/#.*$/u, "")
      .split(/\s+/u)
      .filter((word) => word !== "");
    if (name === "") continue;
    if (name === "include" || name === "!include") {
      if (second === undefined || rest.length > 0) throw invalid(source, at + 1, "an include names one file");
      const presence = name === "include" ? "required" : "optional";
      // oxlint-disable-next-line no-await-in-loop -- what follows overrides what is included
      await readSettingsFile(resolve(directory, second), settings, presence, depth + 1);
      continue;
    }
    if (second !== "=") throw invalid(source, at + 1, "a setting is NAME = VALUE");
    const isMore = name.startsWith("extra-");
    const written = isMore ? name.slice("extra-".length) : name;
    const known = OLD_NAMES[written] ?? written;
    settings.set(known, isMore ? [...(settings.get(known) ?? []), ...rest] : rest);
  }
}

function invalid(source: string, line: number, what: string): DistroError {
  return new DistroError("REPOSITORY_INVALID", `${source}, line ${line}: ${what}`, {
    fields: { source, line },
    advice: "See nix.conf(5).",
  });
}
