import type { PlanCopy } from "../../../plan/plan.ts";
import { isTable } from "../../../project/source.ts";
import { allDependencies } from "../manifest.ts";
import { pathIn, type Project } from "../project.ts";

/** What applications are written with, where that says what a build gives and how it is started. */
export interface Framework {
  readonly name: string;
  /** Whether the application is written with it. */
  has(project: Project): boolean;
  /** Builds where the application has no script for it: a command of the framework's. */
  build(project: Project): string;
  /** For the build. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A directory of the application that is worth keeping from build to build. */
  readonly cache?: string;
  /** Start scripts that say no more than the framework does: its own server, or one for development. */
  readonly ownStart: RegExp;
  /** What the build gives. `START_UNKNOWN` where that cannot be started. */
  output(project: Project): Output;
}

export type Output = Server | Site;

/** A program. */
export interface Server {
  readonly kind: "server";
  readonly copies: readonly PlanCopy[];
  /** Whether it needs node_modules besides: some builds take along what they use. */
  readonly dependencies: "needed" | "included";
  readonly start: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Files that any server may serve. */
export interface Site {
  readonly kind: "site";
  /** In the source's tree. */
  readonly directory: string;
  /** An application shows its one page for every path; documents have a page each. */
  readonly pages: "application" | "documents";
  /** What begins so never changes, since its names have a hash: `/assets/`. */
  readonly immutable?: string;
}

/** Whether the application names one of these packages. */
export function uses({ manifest }: Project, ...packages: readonly string[]): boolean {
  const all = allDependencies(manifest);
  return packages.some((name) => all.has(name));
}

/** The text of the first file of these names, with a suffix of JavaScript's, that the application has. */
export function configuration(project: Project, ...names: readonly string[]): string {
  const path = names
    .flatMap((name) =>
      ["js", "mjs", "cjs", "ts", "mts", "cts"].map((extension) => pathIn(project, `${name}.${extension}`)),
    )
    .find((each) => project.source.has(each));
  return (path === undefined ? undefined : project.source.text(path)) ?? "";
}

/** What the build gave under a path of the application, at the same place in the image. */
export function built(project: Project, path: string, exclude?: readonly string[]): PlanCopy {
  const at = pathIn(project, path);
  return {
    from: "build",
    source: `/app/${at}`,
    target: `app/${at}`,
    ...(exclude === undefined ? {} : { exclude: [...exclude] }),
  };
}

/** Files of the application that are as they were written, where it has them. */
export function written(project: Project, ...paths: readonly string[]): readonly PlanCopy[] {
  return paths
    .map((path) => pathIn(project, path))
    .filter((path) => project.source.has(path))
    .map((path) => ({ from: "source", source: path, target: `app/${path}` }));
}

/** A command of a package that runs on Node; without a shell, and without `env`. */
export function command(project: Project, name: string, ...rest: readonly string[]): readonly string[] {
  return ["node", `${project.manager.commandsOf(project.directory)}/${name}`, ...rest];
}

/** The table that a table has under the first of these names that is one; an empty one where none is. */
export function tableIn(value: unknown, ...names: readonly string[]): Readonly<Record<string, unknown>> {
  const found = isTable(value) ? names.map((name) => value[name]).find(isTable) : undefined;
  return found ?? {};
}

/** The text that a table has under a name; `""` where there is none. */
export function textIn(value: unknown, name: string): string {
  const found = isTable(value) ? value[name] : undefined;
  return typeof found === "string" ? found : "";
}
