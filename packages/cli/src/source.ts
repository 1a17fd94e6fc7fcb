import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileFault } from "@cooper/archive";
import {
  openProject,
  openSource,
  parsePlan,
  type Plan,
  planSource,
  type Settings,
  settingsOfEnvironment,
  settingsOver,
  settingsWith,
  type Source,
} from "@cooper/build";
import { cooperHome } from "@cooper/transport";
import type { Terminal } from "./display/terminal.ts";
import { CliError } from "./errors.ts";
import { text, texts } from "./flags.ts";

/** For commands that look at an application's source. */
export type SourceFlags = {
  readonly provider?: readonly string[] | undefined;
  readonly packagesFrom?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly install?: string | undefined;
  readonly build?: string | undefined;
  readonly start?: string | undefined;
  readonly plan?: string | undefined;
};

export const sourceFlags = {
  provider: texts("Take this provider, not the one that is found; a further one joins in", "NAME"),
  packagesFrom: text(
    "Whose toolchains and libraries: apt (default), apk or nix; also of a release, apk:3.22",
    "MAKER",
  ),
  env: texts("A setting or secret of the build, NAME=VALUE or NAME; never in the image", "VARIABLE"),
  install: text("Install dependencies with this line", "COMMAND"),
  build: text("Build with this line", "COMMAND"),
  start: text("Start the application with this line", "COMMAND"),
  plan: text("Run this plan, as cooper plan printed it", "FILE"),
} as const;

export interface PlannedSource {
  readonly source: Source;
  readonly plan: Plan;
  /** What the plan was made with; none where it was read from a file. */
  readonly settings?: Settings;
}

/** The source, and its plan: of a file, or what providers, the project and the user say. */
export async function planOf(terminal: Terminal, path: string, flags: SourceFlags): Promise<PlannedSource> {
  if (flags.plan !== undefined) {
    const plan = readPlan(flags.plan);
    const source = await openSource(join(path, plan.subdirectory ?? ""), cooperHome(), plan.exclude);
    return { source, plan };
  }
  const { source, overlay, subdirectory } = await openProject(path, cooperHome());
  const above = settingsOf(flags);
  const [plan, settings] = [planSource(source, above, overlay), settingsWith(above, overlay)];
  if (subdirectory === undefined) return { source, plan, settings };
  terminal.note(`Nothing in ${path} says what it is: this is about ${join(path, subdirectory)}.`);
  return { source, plan: { ...plan, subdirectory }, settings };
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

/** What the environment says, and flags above it. */
export function settingsOf(flags: SourceFlags): Settings {
  return settingsOver(settingsOfEnvironment(process.env), {
    variables: Object.fromEntries(variablesOf(flags)),
    providers: flags.provider,
    packages: flags.packagesFrom === undefined ? undefined : { from: flags.packagesFrom },
    installCommand: flags.install,
    buildCommand: flags.build,
    startCommand: flags.start,
  });
}

function readPlan(path: string): Plan {
  return parsePlan(readJson(path, "cooper plan prints one."), path);
}

/** `FILE_MISSING`, and `ARGUMENT_INVALID` for what is not JSON, with this advice. */
export function readJson(path: string, advice: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fileFault("read", path, error);
    throw new CliError("ARGUMENT_INVALID", `${path} is not JSON: ${error.message}`, advice);
  }
}
