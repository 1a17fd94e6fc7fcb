import { join } from "node:path";
import { aboutSetting, createLog, readSettings } from "@cooper/registry";
import type { Log, ServeSettings, SettingName } from "@cooper/registry";
import { cooperHome } from "@cooper/transport";
import type { Terminal } from "./display/terminal.ts";
import { text } from "./flags.ts";
import type { TextFlag } from "./flags.ts";

/** For commands that serve a registry or look after one: the file that has the settings, and some of them. */
export type SettingFlags<Name extends SettingName> = { readonly config?: string | undefined } & {
  readonly [Each in Name]?: string | undefined;
};

export const configFlag = {
  config: text("Read settings from this YAML file (also $COOPER_SERVE_CONFIG)", "FILE"),
} as const;

/** Flags for settings, as the settings describe themselves. */
export function settingFlags<Name extends SettingName>(
  names: readonly Name[],
): Readonly<Record<Name, TextFlag>> {
  const flags: Partial<Record<Name, TextFlag>> = {};
  for (const name of names) {
    const { description, placeholder } = aboutSetting(name);
    flags[name] = text(description, placeholder);
  }
  const isComplete = (some: Partial<Record<Name, TextFlag>>): some is Record<Name, TextFlag> =>
    names.every((name) => name in some);
  if (isComplete(flags)) return flags;
  throw new Error("a setting has no flag");
}

export interface ServeSetup {
  readonly settings: ServeSettings;
  readonly log: Log;
}

/** The settings out of flags, environment and config file, and the log that they ask for. `CONFIG_INVALID` */
export function setUp(terminal: Terminal, flags: SettingFlags<SettingName>): ServeSetup {
  const { settings, unknownVariables } = readSettings({
    flags,
    environment: process.env,
    file: flags.config,
    defaults: { data: join(cooperHome(), "registry") },
  });
  const format = process.stderr.isTTY ? "plain" : "json";
  const log = createLog({
    format: settings.logFormat === "auto" ? format : settings.logFormat,
    level: terminal.quiet ? "error" : settings.logLevel,
    write: (line) => process.stderr.write(line),
    now: Date.now,
  });
  for (const name of unknownVariables) log("warn", `$${name} is no setting, and has no effect`);
  return { settings, log };
}
