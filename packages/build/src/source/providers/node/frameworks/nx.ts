import { basename, dirname, join, relative } from "node:path/posix";
import { BuildError } from "../../../../errors.ts";
import type { PlanCopy } from "../../../plan/plan.ts";
import { isTable } from "../../../project/source.ts";
import { readManifest } from "../manifest.ts";
import type { Project } from "../project.ts";
import { startScript } from "../start.ts";
import { configuration, type Framework, type Output, tableIn, textIn, written } from "./framework.ts";

/**
 * Nx, where a project of it says what its build gives: options of its target in project.json or
 * package.json, or the configuration of Vite or Webpack beside those. The project is a package of a
 * workspace, or the root, or lies in a directory whose dependencies are the root's.
 */
export const nx: Framework = {
  name: "Nx",
  has: (project) => applicationOf(project) !== undefined,
  build: (project) => `nx run ${theApplication(project).name}:build`,
  environment: { NX_NO_CLOUD: "true" },
  ownStart: /^(npx )?nx (serve|start|run [\w@/.-]+:(serve|start))\b/,
  output: (project) => outputOf(project, theApplication(project)),
};

/** What Nx calls a package of a workspace. */
export function nameInNx({ source, directory, manifest }: Project): string {
  return readNx(source, directory)?.name ?? manifest.name ?? directory;
}

/** A project of Nx that runs, and what its build gives. */
interface Application {
  readonly name: string;
  readonly directory: string;
  /** From the root: a program of Node, or a directory of files. */
  readonly made: { readonly program: string; readonly in: string } | { readonly site: string };
}

function outputOf(project: Project, { made }: Application): Output {
  if ("site" in made)
    return { kind: "site", directory: made.site, pages: "application", immutable: "/assets/" };
  const used = project.members.filter(({ directory }) => directory !== project.directory);
  const copies: PlanCopy[] = [made.in, ...used.map(({ directory }) => directory)].map((path) => ({
    from: "build",
    source: `/app/${path}`,
    target: `app/${path}`,
    exclude: ["**/node_modules"],
  }));
  return {
    kind: "server",
    copies: [...copies, ...written(project, "package.json")],
    dependencies: "needed",
    start: ["node", relative(project.directory, made.program)],
    // Servers that Nx writes listen on localhost alone unless this says otherwise.
    environment: { HOST: "0.0.0.0" },
  };
}

function theApplication(project: Project): Application {
  const found = applicationOf(project);
  if (found !== undefined) return found;
  throw new BuildError("START_UNKNOWN", "Nx has no application here whose output is known", {
    fields: { provider: "node" },
  });
}

/** `START_UNKNOWN` where there are several, and nothing says which. */
function applicationOf(project: Project): Application | undefined {
  const { source, settings, shape, directory } = project;
  if (!source.has("nx.json")) return undefined;
  const own = readApplication(project, directory);
  if (shape === "workspace" || own !== undefined) return own;
  const start = startScript(project);
  if (start !== undefined && !/\bnx\b/.test(start)) return undefined;
  const found = source
    .matching("*/**/project.json")
    .map((path) => readApplication(project, dirname(path)))
    .filter((application) => application !== undefined);
  const asked = settings.variables["WORKSPACE"]?.replace(/^\.\/|\/$/g, "");
  const wanted = found.filter(
    (each) => asked === undefined || asked === each.name || asked === each.directory,
  );
  if (wanted.length === 1 || found.length === 0) return wanted[0];
  const names = found.map(({ name }) => name).join(", ");
  throw new BuildError(
    "START_UNKNOWN",
    asked === undefined
      ? `Nx has several applications here: ${names}`
      : `Nx has no application ${asked} here`,
    { advice: `Say which: --env WORKSPACE=NAME. There are ${names}.`, fields: { workspace: asked ?? "" } },
  );
}

interface NxProject {
  readonly name: string | undefined;
  readonly isApplication: boolean;
  readonly executor: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What project.json and package.json say of a project together. */
function readNx(source: Project["source"], directory: string): NxProject | undefined {
  const file = source.json(join(directory, "project.json"));
  const manifest = readManifest(source, directory);
  const inManifest = manifest?.["nx"];
  if (!isTable(file) && !isTable(inManifest)) return undefined;
  const targets = { ...tableIn(inManifest, "targets"), ...tableIn(file, "targets") };
  const build = tableIn(targets, "build");
  const type = textIn(file, "projectType") || textIn(inManifest, "projectType");
  return {
    name: textIn(file, "name") || textIn(inManifest, "name") || manifest?.name,
    isApplication: type === "application" || (type === "" && isTable(targets["serve"])),
    executor: textIn(build, "executor"),
    options: tableIn(build, "options"),
  };
}

function readApplication(project: Project, directory: string): Application | undefined {
  const read = readNx(project.source, directory);
  if (read === undefined || !read.isApplication) return undefined;
  const name = read.name ?? basename(directory);
  const made = madeByTarget(read, directory, name) ?? madeByConfiguration(project, directory);
  return made === undefined ? undefined : { name, directory, made };
}

/** What the options of a target say of its output, for the executors whose output is known. */
function madeByTarget(
  { executor, options }: NxProject,
  directory: string,
  name: string,
): Application["made"] | undefined {
  const base = tableIn(options, "outputPath");
  const path = (textIn(options, "outputPath") || textIn(base, "base"))
    .replaceAll("{workspaceRoot}/", "")
    .replaceAll("{projectRoot}", directory)
    .replaceAll("{projectName}", name);
  if (
    /^@(angular\/build|angular-devkit\/build-angular|nx\/angular):(application|browser-esbuild)$/.test(
      executor,
    )
  )
    return { site: join(path || `dist/${name}`, "browser") };
  if (path === "") return undefined;
  const main = textIn(options, "main");
  const file = textIn(options, "outputFileName");
  const program = (inside: string): Application["made"] => ({ program: join(path, inside), in: path });
  switch (executor.replace(/^@nrwl\//, "@nx/")) {
    case "@nx/esbuild:esbuild":
      return program(file || `${stem(main)}${suffixOfEsbuild(options)}`);
    case "@nx/js:tsc":
    case "@nx/js:swc":
      return program(join(dirname(relative(directory, main)), `${stem(main)}.js`));
    case "@nx/webpack:webpack":
    case "@nx/rspack:rspack":
      return options["target"] === "node" ? program(file || "main.js") : { site: path };
    case "@nx/vite:build":
      return { site: path };
    default:
      return undefined;
  }
}

function suffixOfEsbuild(options: Readonly<Record<string, unknown>>): string {
  const said = textIn(tableIn(tableIn(options, "esbuildOptions"), "outExtension"), ".js");
  const formats = options["format"];
  return said || (Array.isArray(formats) && formats.includes("cjs") ? ".cjs" : ".js");
}

function stem(path: string): string {
  return basename(path).replace(/\.\w+$/, "");
}

/** Where a target is inferred from the configuration of what builds, that says where it goes. */
function madeByConfiguration(project: Project, directory: string): Application["made"] | undefined {
  const inside = { ...project, directory };
  const webpack = configuration(inside, "webpack.config");
  const [, output] = /\bpath:\s*(?:\w+\.)?(?:join|resolve)\(__dirname,\s*["'`]([^"'`]+)/.exec(webpack) ?? [];
  if (output !== undefined) {
    const path = join(directory, output);
    return /\btarget:\s*["'`]node/.test(webpack)
      ? { program: join(path, "main.js"), in: path }
      : { site: path };
  }
  const [, site] = /\boutDir:\s*["'`]([^"'`]+)/.exec(configuration(inside, "vite.config")) ?? [];
  const isPage = site !== undefined && project.source.has(join(directory, "index.html"));
  return isPage ? { site: join(directory, site) } : undefined;
}
