import { join } from "node:path/posix";
import { packagesUnavailable } from "../../distribution/distribution.ts";
import { named, type Need } from "../../distribution/names.ts";
import type { Plan, PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Framework } from "./frameworks/framework.ts";
import {
  allDependencies,
  GIT_HOOKS,
  INSTALL_SCRIPTS,
  productionDependencies,
  WRITERS_SCRIPTS,
} from "./manifest.ts";
import { pathIn, type Project } from "./project.ts";
import type { WorkspaceMember } from "./workspace.ts";

/** What install scripts and builds expect to be there, besides Node. */
const TOOLS = ["shell", "coreutils", "sed", "grep", "findutils", "certificates"] as const;
/** Packages that compile something where nobody has compiled it for this machine. */
const COMPILED =
  /^(better-sqlite3|sqlite3|bcrypt|canvas|node-pty|argon2|re2|isolated-vm|zeromq|node-gyp|serialport)$/;
/** Yarn's map of packages in its cache, and the loader for it. */
export const PLUG_AND_PLAY = [".pnp.*"] as const;
/** Where packages of npm stand that all may use. */
const MODULES = "/usr/local/lib/node_modules";

/** Steps by name, and what in the image comes of them. */
export interface Installed {
  readonly steps: Plan["steps"];
  /** What running needs of node_modules; undefined where it needs nothing. */
  readonly dependencies: PlanCopy | undefined;
}

/**
 * The steps that install and build: `tools` has Node and the package manager; `install` everything that
 * building needs, of manifests and lock alone; `build` the result; `dependencies` what running needs,
 * which waits for no build unless the application's own install scripts made something.
 */
export function installSteps(
  project: Project,
  framework: Framework | undefined,
  build: string | undefined,
  modules: "needed" | "included",
): Installed {
  const { manager, settings } = project;
  const secrets = secretsOf(project);
  const common = {
    ...(secrets.length === 0 ? {} : { secrets: [...secrets] }),
    caches: [{ ...manager.cache }],
    network: "host" as const,
    configuration: ["npm" as const, "certificates" as const],
    environment: { CI: "true", ...manager.environment },
  };
  const manifests: PlanCopy = {
    from: "source",
    source: ".",
    target: "app",
    include: [...manifestsOf(project)],
  };
  const steps: Plan["steps"] = {};
  const needs =
    modules === "needed" && project.members.some(({ manifest }) => productionDependencies(manifest).size > 0);
  const runsScripts = hasScripts(project, INSTALL_SCRIPTS);
  const isBuilt = build !== undefined;
  if (isBuilt || needs) Object.assign(steps, toolSteps(project));

  if (isBuilt || (needs && runsScripts)) {
    steps["install"] = {
      after: "tools",
      copies: [runsScripts || preparesItself(project) ? everythingOf(project) : manifests],
      commands: [settings.installCommand ?? manager.installAll],
      ...common,
    };
  }
  if (isBuilt) steps["build"] = buildStep(project, framework, build, common.environment);
  if (!needs) return { steps, dependencies: undefined };

  const member = project.shape === "workspace" ? project.members.at(-1) : undefined;
  if (runsScripts) {
    steps["dependencies"] = {
      after: isBuilt ? "build" : "install",
      commands: [manager.prune(member)],
      ...common,
    };
  } else if (isBuilt && !hasDevelopment(project)) {
    return { steps, dependencies: modulesOf(project, "install") };
  } else {
    steps["dependencies"] = {
      after: "tools",
      copies: [manifests],
      commands: [...withoutScripts(project), settings.installCommand ?? manager.installProduction(member)],
      ...common,
    };
  }
  return { steps, dependencies: modulesOf(project, "dependencies") };
}

/** Variables that the package manager's configuration asks for: a token of a registry. */
function secretsOf({ manager, settings, source }: Project): readonly string[] {
  const texts = [".npmrc", ".yarnrc.yml", "bunfig.toml", ...manager.files].map(
    (path) => source.text(path) ?? "",
  );
  return Object.keys(settings.variables).filter((name) =>
    texts.some((text) => new RegExp(`\\$\\{?${name}\\b`).test(text)),
  );
}

/** Debian's compiler brings its own; Alpine's Node has its own apart. */
const HEADERS = named("", "musl-dev nodejs-dev", "");
/** What node-gyp calls. */
const COMPILERS: readonly Need[] = ["C++ compiler", HEADERS, "make", "python"];

function toolSteps({ manager, toolchain, members, root }: Project): Plan["steps"] {
  const wanted = [...members.map(({ manifest }) => manifest), root].flatMap((manifest) => [
    ...allDependencies(manifest),
  ]);
  const needs: readonly Need[] = [
    ...TOOLS,
    ...(wanted.some(([, version]) => /^(git|github|gitlab|bitbucket)\b|^[\w.-]+\/[\w.-]+(#|$)/.test(version))
      ? (["git"] as const)
      : []),
    ...(wanted.some(([name]) => COMPILED.test(name)) ? COMPILERS : []),
  ];
  const { from } = toolchain;
  if (from.ecosystem !== "apt" && manager.name === "bun") {
    throw packagesUnavailable(from, "Bun, which is to install the packages,", "node");
  }
  const links = Object.entries(manager.programs).map(
    ([name, path]) => `ln -sf ${MODULES}/${path} /usr/local/bin/${name}`,
  );
  return {
    tools: {
      root: [...toolchain.rootWith(needs), `npm:${manager.package}/+global`],
      commands: links.length === 0 ? [] : [links.join(" && ")],
    },
  };
}

function buildStep(
  project: Project,
  framework: Framework | undefined,
  build: string,
  environment: Readonly<Record<string, string>>,
): PlanStep {
  const { settings, manifest, manager } = project;
  const kept = framework?.cache;
  const cache =
    kept === undefined
      ? []
      : [
          {
            id: `${manifest.name ?? "app"} ${kept}`,
            target: `/app/${pathIn(project, kept)}`,
            sharing: "locked" as const,
          },
        ];
  return {
    after: "install",
    copies: [everythingOf(project)],
    commands: [build],
    environment: {
      ...environment,
      NODE_ENV: "production",
      TURBO_TELEMETRY_DISABLED: "1",
      NX_DAEMON: "false",
      ...framework?.environment,
      PATH: `${manager.commandsOf(project.directory)}:/app/node_modules/.bin:/usr/local/bin:/usr/bin:/bin`,
    },
    ...(cache.length === 0 ? {} : { caches: cache }),
    secrets: Object.keys(settings.variables),
  };
}

/** Bundlers ask a map of Plug'n'Play where packages are if there is one, and not the node_modules that is made. */
function everythingOf({ source }: Project): PlanCopy {
  const exclude = source.has(".pnp.cjs") ? { exclude: [...PLUG_AND_PLAY] } : {};
  return { from: "source", source: ".", target: "app", ...exclude };
}

/** Files that say which packages are to be installed, and nothing else: a changed line of code installs nothing again. */
function manifestsOf(project: Project): readonly string[] {
  const { manager, members, workspace, source } = project;
  // A lock is of every package of the workspace, so all must be there.
  const all = ["", ...workspace.map(({ directory }) => directory)];
  const local = members.flatMap(({ directory, manifest }) =>
    [...allDependencies(manifest).values()].flatMap((version) => {
      const [, path] = /^(?:file|link|portal):(?:\.\/)?(.+)$/.exec(version) ?? [];
      return path === undefined ? [] : [join(directory, path)];
    }),
  );
  const files = manager.files.filter((path) => path.includes("*") || source.has(path));
  return [...new Set([...all.map((directory) => join(directory, "package.json")), ...files, ...local])];
}

function hasScripts(project: Project, names: readonly string[]): boolean {
  return installing(project).some(({ manifest }) =>
    names.some((name) => manifest.scripts?.[name] !== undefined),
  );
}

function hasDevelopment(project: Project): boolean {
  return (
    project.shape === "workspace" ||
    installing(project).some(({ manifest }) => Object.keys(manifest.devDependencies ?? {}).length > 0)
  );
}

/** Whether installing everything also runs scripts that want the application's files. */
function preparesItself(project: Project): boolean {
  return installing(project).some(({ manifest }) =>
    WRITERS_SCRIPTS.some((name) => {
      const script = manifest.scripts?.[name];
      return script !== undefined && !GIT_HOOKS.test(script);
    }),
  );
}

/** What is for who writes the application calls what is not installed here. */
function withoutScripts(project: Project): readonly string[] {
  const paths = installing(project)
    .filter(({ manifest }) => WRITERS_SCRIPTS.some((name) => manifest.scripts?.[name] !== undefined))
    .map(({ directory }) => join(directory, "package.json"));
  if (paths.length === 0) return [];
  const deletions = WRITERS_SCRIPTS.map((name) => `delete m.scripts.${name}`).join(";");
  const script = `for(const f of process.argv.slice(1)){const m=JSON.parse(fs.readFileSync(f));${deletions};fs.writeFileSync(f,JSON.stringify(m))}`;
  return [`node -e '${script}' ${paths.join(" ")}`];
}

/** The root's scripts run too, whichever package is built. */
function installing({ members, root, shape }: Project): readonly WorkspaceMember[] {
  return shape === "alone" ? members : [{ name: root.name ?? "", directory: "", manifest: root }, ...members];
}

/** Every node_modules: a workspace has one beside each package. */
function modulesOf({ manager }: Project, from: string): PlanCopy {
  return {
    from,
    source: "/app",
    target: "app",
    include: ["**/node_modules"],
    exclude: ["**/node_modules/.cache", ...manager.leavings],
  };
}
