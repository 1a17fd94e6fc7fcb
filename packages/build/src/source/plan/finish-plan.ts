import { BuildError } from "../../errors.ts";
import { type Distribution, distributionOf } from "../distribution/distribution.ts";
import { referenceTo } from "../distribution/reference.ts";
import { withBase } from "../native/base.ts";
import { packagesJoined } from "../overlay/packages.ts";
import { startOf } from "./command.ts";
import type { Deploy, Plan } from "./plan.ts";
import { readProcfile } from "../project/procfile.ts";
import type { Settings } from "../providers/provider.ts";
import type { Source } from "../project/source.ts";

/** Of a deploy, what a provider alone knows. */
export interface Parts {
  readonly name: string;
  readonly steps: Plan["steps"];
  readonly deploy: Omit<Deploy, "command"> & {
    /** How the provider would start it; undefined where it found nothing. */
    readonly start: string | readonly string[] | undefined;
  };
  /**
   * What a line of a Procfile or of --start comes to, where the provider knows better than a shell:
   * `npm start` is what that script does. Default: the line.
   */
  readonly translate?: (line: string) => string | readonly string[];
  /** What its packages come from; default: what the settings say. */
  readonly from?: Distribution;
}

/**
 * Puts a provider's parts and what the project or the user says of processes together: `--start`
 * comes before the Procfile's `web`, and that before what the provider found. `START_UNKNOWN`
 */
export function finishPlan(parts: Parts, source: Source, settings: Settings): Plan {
  const from = parts.from ?? distributionOf(settings);
  const { name, steps, deploy, translate = asIs } = from.ecosystem === "apt" ? parts : withBase(from, parts);
  const { start, ...rest } = deploy;
  const processes = new Map(readProcfile(source));
  const release = processes.get("release");
  processes.delete("release");
  const given = settings.startCommand ?? processes.get("web");
  const said = given ?? (start === undefined ? [...processes.values()][0] : undefined);
  const line = said === undefined ? start : translate(said);
  if (line === undefined) {
    throw new BuildError("START_UNKNOWN", `${source.directory} does not say how it is started (${name})`, {
      advice: "Add a Procfile with web: COMMAND, or give --start COMMAND.",
      fields: { provider: name },
    });
  }
  const main = startOf(line);
  const others = [...processes].map(([process, command]) => [process, startOf(translate(command))] as const);
  const needsShell = [main, ...others.map(([, each]) => each)].some(({ shell }) => shell === "needed");
  return {
    version: 1,
    providers: [name],
    steps,
    deploy: {
      ...rest,
      root: needsShell ? withShell(from, rest.root) : rest.root,
      command: [...main.command],
      ...(others.length === 0
        ? {}
        : { processes: Object.fromEntries(others.map(([process, each]) => [process, [...each.command]])) }),
      ...(release === undefined ? {} : { release: [...startOf(translate(release)).command] }),
    },
  };
}

function asIs(line: string): string {
  return line;
}

/** What lies under an application that needs a shell: Debian's base has one, unless it was left out. */
function withShell(from: Distribution, root: readonly string[]): string[] {
  const shell = referenceTo(from, ["shell"]);
  if (from.ecosystem !== "apt") return packagesJoined(root, [shell]);
  const based = root.map((reference) =>
    reference.startsWith("apt:") ? reference.replace("/+nobase", "") : reference,
  );
  return based.some((reference) => reference.startsWith("apt:")) ? based : [...based, shell];
}
