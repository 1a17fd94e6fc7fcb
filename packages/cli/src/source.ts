import { readFileSync } from "node:fs";
import { fileFault } from "@cooper/archive";
import { openSource, parsePlan, type Plan, planSource, type Settings, type Source } from "@cooper/build";
import { cooperHome } from "@cooper/transport";
import { CliError } from "./errors.ts";
import { text, texts } from "./flags.ts";

/** For commands that look at an application's source. */
export type SourceFlags = {
  readonly provider?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly install?: string | undefined;
  readonly build?: string | undefined;
  readonly start?: string | undefined;
  readonly plan?: string | undefined;
};

export const sourceFlags = {
  provider: text("Take this provider, not the first that matches", "NAME"),
  env: texts("A setting or secret of the build, NAME=VALUE or NAME; never in the image", "VARIABLE"),
  install: text("Install dependencies with this line", "COMMAND"),
  build: text("Build with this line", "COMMAND"),
  start: text("Start the application with this line", "COMMAND"),
  plan: text("Run this plan, as cooper plan printed it", "FILE"),
} as const;

/** The source, and its plan: of a file, or of the provider. */
export async function planOf(
  path: string,
  flags: SourceFlags,
): Promise<{ readonly source: Source; readonly plan: Plan }> {
  const source = await openSource(path, cooperHome());
  const plan =
    flags.plan === undefined ? planSource(source, settingsOf(flags), flags.provider) : readPlan(flags.plan);
  return { source, plan };
}

/** Values of `--env`, for steps that ask for them. `ARGUMENT_INVALID` */
export function variablesOf({ env = [] }: SourceFlags): ReadonlyMap<string, string> {
  return new Map(
    env.map((entry) => {
      const [name = "", ...value] = entry.split("=");
      const given = value.length > 0 ? value.join("=") : process.env[name];
      if (!/^[A-Za-z_]\w*$/.test(name) || given === undefined) {
        throw new CliError(
          "ARGUMENT_INVALID",
          `--env ${name} has no value`,
          "Write NAME=VALUE, or set the variable NAME.",
        );
      }
      return [name, given];
    }),
  );
}

const PREFIX = "COOPER_BUILD_";

function settingsOf(flags: SourceFlags): Settings {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith(PREFIX) && value !== undefined ? [[name.slice(PREFIX.length), value] as const] : [],
  );
  return {
    variables: { ...Object.fromEntries(own), ...Object.fromEntries(variablesOf(flags)) },
    installCommand: flags.install,
    buildCommand: flags.build,
    startCommand: flags.start,
  };
}

function readPlan(path: string): Plan {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fileFault("read", path, error);
    throw new CliError(
      "ARGUMENT_INVALID",
      `${path} is not JSON: ${error.message}`,
      "cooper plan prints one.",
    );
  }
  return parsePlan(json, path);
}
