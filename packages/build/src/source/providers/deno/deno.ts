import { finishPlan } from "../../plan/finish-plan.ts";
import type { Plan, PlanCopy } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { npmReferenceTo } from "../../versions/npm-tools.ts";
import { CONFIGURATIONS, type DenoConfiguration, readConfiguration } from "./configuration.ts";
import { entryOf, startOf } from "./start.ts";

const FILES = [...CONFIGURATIONS, "deno.lock"] as const;
const MANIFESTS = [...FILES, "package.json", ".npmrc", "import_map.json"] as const;
/** Modules and packages that were fetched: in the image, what running needs. */
const DENO_DIR = "/deno-dir";
/** Kept for speed, with times in them; Deno makes them anew in memory where it cannot write. */
const LEAVINGS = ["*_cache_v*", "latest.txt"] as const;
const PRUNE = "/srv/prune-indexes.js";
const LIBRARIES = "libc6/libgcc-s1/libstdc++6";

/** Applications of Deno: an exact Deno from npm's own packages, its modules as locked, no shell. */
export const deno: Provider = {
  name: "deno",
  detect: (source) => FILES.find((path) => source.has(path)),
  plan: (source, settings) => {
    const configuration = readConfiguration(source);
    const isBuilt = buildLine(configuration, settings) !== undefined;
    const modules: PlanCopy = {
      from: "dependencies",
      source: DENO_DIR,
      target: DENO_DIR.slice(1),
      exclude: [...LEAVINGS],
    };
    const application: PlanCopy = isBuilt
      ? { from: "build", source: "/app", target: "app", exclude: ["**/node_modules"] }
      : { from: "source", source: ".", target: "app" };
    return finishPlan(
      {
        name: "deno",
        steps: stepsOf(source, configuration, settings),
        deploy: {
          root: [`apt:base-files/base-passwd/${LIBRARIES}/+nobase`],
          copies: [
            { from: "deno", source: "/opt/deno", target: "usr/local/bin" },
            modules,
            ...(hasModules(source, configuration)
              ? [{ from: "dependencies", source: "/app", target: "app", include: ["**/node_modules"] }]
              : []),
            application,
          ],
          start: startOf(source, configuration),
          environment: { PORT: "8080", DENO_DIR, DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" },
          ports: [8080],
        },
      },
      source,
      settings,
    );
  },
};

function stepsOf(source: Source, configuration: DenoConfiguration, settings: Settings): Plan["steps"] {
  const frozen = source.has("deno.lock") ? " --frozen" : "";
  const entry = entryOf(source, configuration);
  const build = buildLine(configuration, settings);
  const common = {
    environment: { DENO_DIR, DENO_NO_UPDATE_CHECK: "1", DENO_TLS_CA_STORE: "mozilla,system" },
    network: "host" as const,
    configuration: ["npm" as const, "certificates" as const],
  };
  const install = settings.installCommand ?? `deno install${frozen}`;
  const manifests = MANIFESTS.filter((path) => source.has(path));
  return {
    deno: {
      root: [npmReferenceTo(source, settings, "deno"), "apt:dash/coreutils"],
      commands: ["install -D -m 755 /app/node_modules/@deno/linux-*-glibc/deno /opt/deno/deno"],
    },
    tools: {
      root: [`apt:dash/coreutils/ca-certificates/${LIBRARIES}`],
      copies: [{ from: "deno", source: "/opt/deno", target: "usr/local/bin" }],
      commands: [],
    },
    // What the configuration names is there before any code is looked at; then what only code names.
    install: {
      after: "tools",
      copies: [{ from: "source", source: ".", target: "app", include: manifests }],
      commands: [install],
      ...common,
    },
    dependencies: {
      after: "install",
      copies: [{ from: "source", source: ".", target: "app" }],
      files: [{ path: PRUNE, text: pruneIndexes(frozen === "" ? KEEP_INSTALLED : REMOVE) }],
      commands: [
        ...(entry === undefined ? [] : [`deno install${frozen} --entrypoint ${entry}`]),
        ["deno", "run", "--allow-all", "--no-config", "--no-lock", PRUNE],
      ],
      ...common,
    },
    ...(build === undefined
      ? {}
      : {
          build: {
            after: "dependencies",
            commands: [build],
            ...common,
            secrets: Object.keys(settings.variables),
          },
        }),
  };
}

/**
 * Of each package Deno keeps the whole index, which changes whenever somebody publishes a version. What is
 * installed is all that running asks for; with a lock not even that, and whether Deno asks for an index at
 * all depends on how soon it has the package.
 */
function pruneIndexes(prune: string): string {
  return `const pruned = (directory) => {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const path = directory + "/" + name;
    if (isDirectory) pruned(path);
    else if (name === "registry.json") prune(path, directory);
  }
};
${prune}try {
  pruned("${DENO_DIR}/npm");
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error; // no packages of npm
}
`;
}

const REMOVE = "const prune = (path) => Deno.removeSync(path);\n";

const KEEP_INSTALLED = `const prune = (path, directory) => {
  const installed = new Set([...Deno.readDirSync(directory)].map(({ name }) => name));
  const index = JSON.parse(Deno.readTextFileSync(path));
  const of = (table = {}) =>
    Object.fromEntries(Object.entries(table).filter(([version]) => installed.has(version)));
  index.versions = of(index.versions);
  index.time = of(index.time);
  index["dist-tags"] = {};
  delete index["_deno.etag"];
  Deno.writeTextFileSync(path, JSON.stringify(index));
};
`;

function buildLine({ tasks }: DenoConfiguration, settings: Settings): string | undefined {
  return settings.buildCommand ?? (tasks?.["build"] === undefined ? undefined : "deno task build");
}

/** Whether packages of npm lie in node_modules, and not in Deno's own directory. */
function hasModules(source: Source, { nodeModulesDir }: DenoConfiguration): boolean {
  if (nodeModulesDir === undefined) return source.has("package.json");
  return nodeModulesDir !== false && nodeModulesDir !== "none";
}
