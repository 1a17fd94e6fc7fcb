import type { Plan, PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import type { NativePackages } from "./native.ts";
import { LOCAL, LOCKED, type Locker, lockerOf } from "./package-manager.ts";
import { type Project, tableAt } from "./project.ts";
import { type Pylock, readPylock } from "./pylock.ts";
import {
  compileLine,
  ENVIRONMENT,
  inOneGo,
  PIP,
  pipInstall,
  pipInstallInto,
  PROJECT,
  byteCodeStep,
  libraryOf,
  pythonStep,
  type Runtime,
} from "./runtime.ts";

/** What there is to install from. */
export interface Installing {
  readonly source: Source;
  readonly settings: Settings;
  readonly project: Project;
  readonly runtime: Runtime;
  readonly native: NativePackages;
}

/** The steps that install packages and the project, and what the image gets of them. */
export interface InstallPlan {
  readonly steps: Plan["steps"];
  readonly copies: readonly PlanCopy[];
  /** The step that has everything. */
  readonly last: string;
}

/** The step that compiles the modules that come with Python. */
const BYTE_CODE = "byte-code";

/**
 * Packages first, by what says which and by nothing else, so that a changed line of code installs
 * nothing again; then the project itself where it is a package, into a directory of its own.
 */
export function installPlan(installing: Installing): InstallPlan {
  const { source, settings, runtime, native } = installing;
  const usesGit =
    /git\+(https|ssh)/.test(manifestText(source)) || (readPylock(source, [])?.unhashed.length ?? 0) > 0;
  const packages = [...(usesGit ? (["git"] as const) : []), ...native.build];
  const steps: Plan["steps"] = { python: pythonStep(runtime, packages) };
  const copies: PlanCopy[] = [];
  const library = libraryOf(runtime);
  if (library !== undefined) {
    steps[BYTE_CODE] = byteCodeStep(runtime, packages, library);
    copies.push({ from: BYTE_CODE, source: library, target: library.slice(1), include: ["**/__pycache__"] });
  }
  let last = "python";
  const dependencies = dependencySteps(installing);
  if (dependencies !== undefined) {
    Object.assign(steps, dependencies);
    copies.push({ from: "dependencies", source: ENVIRONMENT, target: ENVIRONMENT.slice(1) });
    last = "dependencies";
  }
  const lines = settings.installCommand === undefined ? projectLines(installing) : [];
  if (lines.length > 0) {
    const local = lockerOf(source)?.name === "uv" ? [lockedCopy(LOCAL)] : [];
    steps["project"] = {
      ...PIP,
      after: last,
      copies: [{ from: "source", source: ".", target: "app" }, ...local],
      commands: [inOneGo(...lines, compileLine(PROJECT))],
    };
    copies.push({ from: "project", source: PROJECT, target: PROJECT.slice(1) });
    last = "project";
  }
  return { steps, copies, last };
}

function dependencySteps({ source, settings, project }: Installing): Plan["steps"] | undefined {
  const extras = extrasOf(settings);
  const everything: PlanCopy = { from: "source", source: ".", target: "app" };
  if (settings.installCommand !== undefined) {
    const own = installStep(settings.installCommand, everything);
    return { dependencies: { ...own, environment: { ...PIP.environment, PIP_PYTHON: ENVIRONMENT } } };
  }
  const locker = lockerOf(source);
  if (locker !== undefined && project.requirements === undefined) {
    return {
      tool: toolStep(locker),
      lock: {
        after: "tool",
        copies: [{ from: "source", source: ".", target: "app", include: [...locker.manifests] }],
        commands: [inOneGo(...locker.exportLines(extras, source))],
        environment: { PATH: `${TOOL}/bin:/usr/bin:/bin`, UV_PYTHON_DOWNLOADS: "never" },
      },
      dependencies: installStep(pipInstall("--requirement", LOCKED), lockedCopy(LOCKED)),
    };
  }
  const pylock = project.requirements === undefined ? readPylock(source, extras) : undefined;
  if (pylock !== undefined) return { dependencies: pylockStep(pylock) };
  if (project.requirements !== undefined) {
    const { files, reach } = project.requirements;
    const manifests: PlanCopy = { from: "source", source: ".", target: "app", include: [...files] };
    const line = pipInstall("--requirement", "requirements.txt");
    return { dependencies: installStep(line, reach === "source" ? everything : manifests) };
  }
  const { dependencies } = project;
  if (dependencies !== undefined) {
    const wanted = [...dependencies, ...extras.flatMap((extra) => project.extras.get(extra) ?? [])];
    if (wanted.length === 0) return undefined;
    return { dependencies: installStep(pipInstall(...wanted.map(quoted))) };
  }
  if (project.kind === "package")
    return { dependencies: installStep(pipInstall(wholeProject(extras)), everything) };
  return undefined;
}

function installStep(line: string, ...from: readonly PlanCopy[]): PlanStep {
  return { ...PIP, after: "python", copies: [...from], commands: [inOneGo(line, compileLine(ENVIRONMENT))] };
}

/** A lock that every tool writes is told to pip without any. */
function pylockStep({ hashed, unhashed, archives }: Pylock): PlanStep {
  const given = [
    { path: LOCKED, lines: hashed },
    { path: UNHASHED, lines: unhashed },
  ].filter(({ lines }) => lines.length > 0);
  const copies: PlanCopy[] =
    archives.length === 0 ? [] : [{ from: "source", source: ".", target: "app", include: [...archives] }];
  return {
    ...PIP,
    after: "python",
    copies,
    files: given.map(({ path, lines }) => ({ path, text: `${lines.join("\n")}\n` })),
    commands: [
      inOneGo(
        ...given.map(({ path }) => pipInstall("--no-deps", "--requirement", path)),
        compileLine(ENVIRONMENT),
      ),
    ],
  };
}

/** Lines that install the project itself, with none of what it needs. */
function projectLines({ source, project }: Installing): readonly string[] {
  const flags = ["--no-deps", "--target", PROJECT];
  const locker = lockerOf(source);
  if (locker?.name === "uv" && project.requirements === undefined) {
    const hasMembers = "workspace" in tableAt(source.toml("pyproject.toml"), "tool", "uv");
    if (project.kind === "files" && !hasMembers) return [];
    return [`{ test ! -s ${LOCAL} || ${pipInstall(...flags, "--requirement", LOCAL)}; }`];
  }
  const pylock =
    locker === undefined && project.requirements === undefined ? readPylock(source, []) : undefined;
  if (pylock !== undefined) {
    const own = project.kind === "package" ? ["."] : [];
    const directories = [...new Set([...pylock.directories, ...own])];
    return directories.length === 0
      ? []
      : [pipInstall(...flags, ...directories.map((path) => quoted(`./${path}`)))];
  }
  const isKnown =
    locker !== undefined || project.dependencies !== undefined || project.requirements !== undefined;
  return project.kind === "package" && isKnown ? [pipInstall(...flags, ".")] : [];
}

/** What a lock takes from repositories, of which no hash is known. */
const UNHASHED = "/opt/repositories.txt";
const TOOL = "/opt/tool";

/** The tool that reads the lock file, apart from the application's packages. */
function toolStep({ tool }: Locker): PlanStep {
  return {
    ...PIP,
    after: "python",
    commands: [inOneGo(`python3 -m venv --without-pip ${TOOL}`, pipInstallInto(TOOL, ...tool.map(quoted)))],
  };
}

function lockedCopy(path: string): PlanCopy {
  return { from: "lock", source: path, target: path.slice(1) };
}

function extrasOf({ variables }: Settings): readonly string[] {
  return (variables["PYTHON_EXTRAS"] ?? "").split(/[\s,]+/).filter((extra) => extra !== "");
}

function wholeProject(extras: readonly string[]): string {
  return extras.length === 0 ? "." : quoted(`.[${extras.join(",")}]`);
}

/** A word as the shell takes it whole. */
function quoted(word: string): string {
  return /^[\w.=,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function manifestText(source: Source): string {
  const files = [...source.matching("*requirements*.txt", "requirements/*.txt"), "pyproject.toml", "Pipfile"];
  return files.map((path) => source.text(path) ?? "").join("\n");
}
