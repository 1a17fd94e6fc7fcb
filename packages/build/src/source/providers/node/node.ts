import { ECOSYSTEMS } from "../../distribution/distribution.ts";
import { finishPlan, type Parts } from "../../plan/finish-plan.ts";
import type { Plan, PlanCopy } from "../../plan/plan.ts";
import { readProcfile } from "../../project/procfile.ts";
import type { Provider } from "../provider.ts";
import { serveSite } from "../../site/site.ts";
import { buildLine } from "./build.ts";
import type { Framework, Output, Server, Site } from "./frameworks/framework.ts";
import { frameworkOf } from "./frameworks/table.ts";
import { type Installed, installSteps, PLUG_AND_PLAY } from "./install.ts";
import { type Project, readProject } from "./project.ts";
import { scriptOf, startOfEntry, startOfScript, startScript } from "./start.ts";

/**
 * Node with npm, pnpm, Yarn or Bun for its packages: an exact Node from npm's own packages, no shell in
 * the image. What a framework builds is started, or served, as the framework means it.
 */
export const node: Provider = {
  name: "node",
  ecosystems: ECOSYSTEMS,
  detect: (source) => (source.has("package.json") ? "package.json" : undefined),
  plan: (source, settings) => {
    const project = readProject(source, settings, canStart);
    const { root } = project.toolchain;
    return planProject(project, "node", { program: "node", root, copies: [] });
  },
};

/** What runs an application: what lies under it, and what is laid beside it. */
export interface Runtime {
  readonly program: "node" | "bun";
  readonly root: readonly string[];
  readonly copies: readonly PlanCopy[];
  readonly steps?: Plan["steps"];
}

/** The plan of an application with a package.json, on Node or on what else runs it. */
export function planProject(project: Project, name: string, runtime: Runtime): Plan {
  const framework = frameworkOf(project);
  const build = buildLine(project, framework);
  const output = outputOf(project, framework, build);
  const modules =
    output === undefined || output.kind === "server" ? (output?.dependencies ?? "needed") : "included";
  const installed = installSteps(project, framework, build, modules);
  const own = (line: string): Line | undefined =>
    output?.kind === "server" && isOwnStart(project, framework, line) ? output.start : undefined;
  const parts =
    output?.kind === "site"
      ? siteParts(project, framework, output, installed)
      : serverParts(project, output, installed, build, { runtime, own });
  const { from } = project.toolchain;
  return finishPlan({ name, from, ...parts }, project.source, project.settings);
}

type Finished = Omit<Parts, "name">;

function siteParts(
  project: Project,
  framework: Framework | undefined,
  output: Site,
  { steps }: Installed,
): Finished {
  const { pages, immutable, directory } = output;
  const site = { from: "build", source: `/app/${directory}`, pages, immutable };
  const served = serveSite(site, steps, project.toolchain.from);
  const { start } = served.deploy;
  const translate = (line: string): Line =>
    start !== undefined && isOwnStart(project, framework, line) ? start : line;
  return { ...served, translate };
}

interface Starting {
  readonly runtime: Runtime;
  /** What starts the application where a line says no more than the framework does. */
  readonly own: (line: string) => Line | undefined;
}

function serverParts(
  project: Project,
  output: Server | undefined,
  { steps, dependencies }: Installed,
  build: string | undefined,
  { runtime, own }: Starting,
): Finished {
  const script = startScript(project);
  const started = script === undefined ? undefined : startOfScript(project, script);
  return {
    steps: { ...runtime.steps, ...steps },
    deploy: {
      root: [...runtime.root],
      copies: [
        ...runtime.copies,
        ...(dependencies === undefined ? [] : [dependencies]),
        ...(output?.copies ?? wholeApplication(project, build)),
      ],
      start: by(runtime, output?.start ?? started?.line ?? startOfEntry(project)),
      environment: {
        NODE_ENV: "production",
        PORT: "8080",
        ...(output === undefined ? started?.environment : output.environment),
      },
      ports: [8080],
      ...(project.directory === "" ? {} : { directory: `/app/${project.directory}` }),
    },
    translate: (line) => by(runtime, own(line) ?? lineFor(project, line)),
  };
}

/** A line for a shell, or a program by itself. */
type Line = string | readonly string[];

/** A program of JavaScript is run by what runs the application. */
function by<T extends Line | undefined>({ program }: Runtime, line: T): T | readonly string[] {
  return Array.isArray(line) && line[0] === "node" ? [program, ...line.slice(1)] : line;
}

/** Whether a package of a workspace is an application: it says how it starts, or its framework does. */
export function canStart(project: Project): boolean {
  return startScript(project) !== undefined || frameworkOf(project) !== undefined;
}

/** What the framework's build gives, where nothing else starts the application. */
function outputOf(
  project: Project,
  framework: Framework | undefined,
  build: string | undefined,
): Output | undefined {
  if (framework === undefined || build === undefined) return undefined;
  const line =
    project.settings.startCommand ?? readProcfile(project.source).get("web") ?? startScript(project);
  return line === undefined || isOwnStart(project, framework, line) ? framework.output(project) : undefined;
}

function isOwnStart(project: Project, framework: Framework | undefined, line: string): boolean {
  return framework?.ownStart.test(scriptOf(project, line)) === true;
}

/** A line of a Procfile, or of --start: `npm start` is what that script does. */
function lineFor(project: Project, line: string): Line {
  const { line: found, environment } = startOfScript(project, line);
  return Object.keys(environment).length === 0 && typeof found !== "string" ? found : line;
}

/** What tells package managers where packages are, and with which token: nothing for whoever runs the application. */
const NOT_RUN = ["**/.npmrc", ".yarnrc.yml", ".yarn"] as const;

/** Everything that was written and built: nothing says what of it running needs. */
function wholeApplication(
  { members, shape, source }: Project,
  build: string | undefined,
): readonly PlanCopy[] {
  const include =
    shape === "alone" ? {} : { include: ["package.json", ...members.map(({ directory }) => directory)] };
  const common = { target: "app", ...include };
  const left = [...NOT_RUN, ...(source.has(".pnp.cjs") ? PLUG_AND_PLAY : [])];
  if (build === undefined) return [{ from: "source", source: ".", ...common, exclude: left }];
  const exclude = [...left, "**/node_modules", "**/.turbo", ".nx"];
  return [{ from: "build", source: "/app", ...common, exclude }];
}
