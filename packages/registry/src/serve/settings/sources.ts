import { z } from "zod";
import { RegistryError } from "../../errors.ts";
import { DEFAULTS, serveSchema } from "./schema.ts";
import type { ServeSettings, SettingName } from "./schema.ts";
import { readSettingsFile } from "./file.ts";
import type { About } from "./values.ts";

/** Values of settings as a source writes them, not yet read. */
export type Written = Readonly<Partial<Record<SettingName, unknown>>>;

export interface SettingSources {
  /** Of the command line: what is not given is undefined. */
  readonly flags: Readonly<Partial<Record<SettingName, string | undefined>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The config file that a flag names; else $COOPER_SERVE_CONFIG names one, or there is none. */
  readonly file: string | undefined;
  /** Defaults that depend on where the program runs. */
  readonly defaults: { readonly data: string };
}

export interface ReadSettings {
  readonly settings: ServeSettings;
  /** Variables that look like settings and are none; orchestrators set such on their own. */
  readonly unknownVariables: readonly string[];
}

const PREFIX = "COOPER_SERVE_";
const CONFIG_VARIABLE = `${PREFIX}CONFIG`;

/**
 * Reads the settings of `cooper serve`: a flag counts before an environment variable, that before the
 * config file, that before the default. `CONFIG_INVALID`, naming the flag, the variable, or the file with line and
 * column.
 */
export function readSettings({ flags, environment, file, defaults }: SettingSources): ReadSettings {
  const path = file ?? environment[CONFIG_VARIABLE];
  const fromFile = path === undefined ? {} : readSettingsFile(path);

  const fromEnvironment: Partial<Record<SettingName, string>> = {};
  const fromFlags: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const variable = environment[variableOf(name)];
    if (variable !== undefined) fromEnvironment[name] = checked(name, variable, `$${variableOf(name)}`);
    const flag = flags[name];
    if (flag !== undefined) fromFlags[name] = checked(name, flag, `--${flagOf(name)}`);
  }
  const merged = { ...DEFAULTS, ...defaults, ...fromFile, ...fromEnvironment, ...fromFlags };
  return {
    settings: requireSense(serveSchema.parse(merged)),
    unknownVariables: Object.keys(environment).filter(
      (variable) =>
        variable.startsWith(PREFIX) &&
        variable !== CONFIG_VARIABLE &&
        !SETTING_NAMES.some((name) => variableOf(name) === variable),
    ),
  };
}

export const SETTING_NAMES: readonly SettingName[] = z.keyof(serveSchema).options;

/** `limitBytes` → `LIMIT_BYTES` behind the prefix. */
export function variableOf(name: SettingName): string {
  return PREFIX + name.replaceAll(/[A-Z]/g, "_$&").toUpperCase();
}

/** `limitBytes` → `limit-bytes`. */
export function flagOf(name: SettingName): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What a setting is for, in a line, with its default. */
export function aboutSetting(name: SettingName): About {
  const schema = serveSchema.shape[name];
  const { description = "", placeholder } =
    z.globalRegistry.get(schema instanceof z.ZodOptional ? schema.unwrap() : schema) ?? {};
  const byDefault: string | undefined =
    name in DEFAULTS ? new Map(Object.entries(DEFAULTS)).get(name) : undefined;
  return {
    description:
      byDefault === undefined || byDefault === "" ? description : `${description} (default ${byDefault})`,
    placeholder: typeof placeholder === "string" ? placeholder : "VALUE",
  };
}

function checked(name: SettingName, value: string, source: string): string {
  const result = serveSchema.shape[name].safeParse(value);
  if (result.success) return value;
  throw invalid(`${source} is ${JSON.stringify(value)}: ${result.error.issues[0]?.message}`);
}

function requireSense(settings: ServeSettings): ServeSettings {
  if ((settings.tlsCertificate === undefined) !== (settings.tlsKey === undefined)) {
    throw invalid("tlsCertificate and tlsKey go together, and one of them is missing");
  }
  if ((settings.tokenUrl === undefined) !== (settings.tokenPublicKeys === undefined)) {
    throw invalid("tokenUrl and tokenPublicKeys go together, and one of them is missing");
  }
  if (settings.tokenUrl !== undefined && settings.tokenKey !== undefined) {
    throw invalid("tokenUrl and tokenKey exclude each other: tokens are given out here or elsewhere");
  }
  if (settings.tokenUrl !== undefined && settings.authUsers !== undefined) {
    throw invalid("tokenUrl and authUsers exclude each other: that service knows the users");
  }
  const { publicUrl } = settings;
  if (publicUrl !== undefined && !/^https?:\/\/[^/?#\s]+$/.test(publicUrl)) {
    throw invalid(
      `publicUrl ${JSON.stringify(publicUrl)} is not http://HOST or https://HOST, without a path`,
    );
  }
  return settings;
}

function invalid(message: string): RegistryError {
  return new RegistryError("CONFIG_INVALID", message, {
    kind: "usage",
    advice: "docs/serve.md lists the settings.",
  });
}
