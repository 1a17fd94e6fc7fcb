import { posix } from "node:path";
import { BuildError } from "../../errors.ts";
import { readProcfile } from "../project/procfile.ts";
import type { Settings } from "../providers/provider.ts";
import type { Source } from "../project/source.ts";

/** A program that can be made of a source. */
export interface Program {
  readonly name: string;
  /** Of its code, in the source; `.` for its root. */
  readonly directory: string;
}

export interface ProgramChoice {
  readonly provider: string;
  /** The setting that names the program: `GO_BIN`. */
  readonly variable: string;
  readonly programs: readonly Program[];
  /** Names that the application itself has, the likeliest first. */
  readonly preferred: readonly string[];
}

export interface ChosenPrograms {
  /** Those that the image gets. */
  readonly built: readonly [Program, ...Program[]];
  /** The one that it starts; undefined where the user or a Procfile says what. */
  readonly started: Program | undefined;
}

/** Of several programs, the one that is called so is the application. */
const USUAL = ["server", "web", "api", "app", "main"] as const;

/**
 * Which of a source's programs go into the image: the one that the setting names, by name or directory;
 * all, where a Procfile or `--start` says what is started; else the only one, the one of a preferred or
 * usual name. `START_UNKNOWN`, which lists them
 */
export function choosePrograms(choice: ProgramChoice, source: Source, settings: Settings): ChosenPrograms {
  const { programs, variable, preferred } = choice;
  const wanted = settings.variables[variable];
  if (wanted !== undefined) {
    const place = posix.normalize(wanted).replace(/\/$/, "");
    const named =
      programs.find(({ name }) => name === wanted) ?? programs.find(({ directory }) => directory === place);
    if (named === undefined) throw unknown(`there is no program ${wanted}`, choice, source);
    return { built: [named], started: named };
  }
  const [first, ...others] = programs;
  if (first === undefined) throw unknown("nothing in it is a program", choice, source);
  if (settings.startCommand !== undefined || readProcfile(source).has("web")) {
    const names = programs.map(({ name }) => name);
    const twice = names.find((name, place) => names.indexOf(name) < place);
    if (twice !== undefined) throw unknown(`it has two programs ${twice}`, choice, source);
    return { built: [first, ...others], started: undefined };
  }
  const found = [...preferred, ...USUAL].map((name) => programs.find((program) => program.name === name));
  const started = others.length === 0 ? first : found.find((program) => program !== undefined);
  if (started === undefined) throw unknown("it has several programs", choice, source);
  return { built: [started], started };
}

function unknown(what: string, { provider, programs, variable }: ProgramChoice, source: Source): BuildError {
  const list = programs.map(({ name, directory }) => `${name} (${directory})`).join(", ");
  return new BuildError("START_UNKNOWN", `${source.directory} does not say how it is started: ${what}`, {
    advice:
      list === ""
        ? "What can only be used by other programs makes no image: build the directory of a program."
        : `Choose one with --env ${variable}=NAME, or start one with --start NAME: ${list}.`,
    fields: { provider, programs: programs.map(({ name }) => name).join(",") },
  });
}
