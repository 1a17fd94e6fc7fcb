import { z } from "zod";
import { BuildError } from "../../../errors.ts";
import { finishPlan } from "../../finish-plan.ts";
import type { Plan, PlanCopy } from "../../plan/plan.ts";
import type { Provider, Settings } from "../../provider.ts";
import type { Source } from "../../source.ts";
import { wantedVersion } from "../../versions/wanted.ts";
import { type PackageManager, packageManagerOf } from "./package-manager.ts";

const manifestSchema = z.looseObject({
  main: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  packageManager: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

const ENTRIES = ["index.js", "server.js", "app.js", "main.js", "src/index.js", "index.mjs"] as const;
/** What a build writes, by the tool that does. */
const SITES: readonly [string, string][] = [
  ["vite", "dist"],
  ["react-scripts", "build"],
  ["astro", "dist"],
];

/** Node with npm, pnpm or Yarn: an exact Node from npm's own packages, no shell in the image. */
export const node: Provider = {
  name: "node",
  detect: (source) => (source.has("package.json") ? "package.json" : undefined),
  plan: (source, settings) => {
    const manifest = readManifest(source);
    const manager = packageManagerOf(source, manifest.packageManager);
    const runtime = `node${nodeVersion(source, settings)}`;
    const build =
      settings.buildCommand ?? (manifest.scripts?.["build"] === undefined ? undefined : manager.run("build"));
    const site = build === undefined ? undefined : siteOf(manifest);
    const steps = stepsOf(source, manifest, manager, runtime, build, settings);
    const application: PlanCopy =
      build === undefined
        ? { from: "source", source: ".", target: "app" }
        : { from: "build", source: "/app", target: "app", exclude: ["node_modules"] };
    const isServed =
      site !== undefined && settings.startCommand === undefined && manifest.scripts?.["start"] === undefined;
    if (isServed) {
      return finishPlan(
        {
          name: "node",
          steps,
          deploy: {
            root: ["apt:busybox-static"],
            copies: [{ from: "build", source: `/app/${site}`, target: "app" }],
            start: ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/app"],
            ports: [8080],
          },
        },
        source,
        settings,
      );
    }
    const hasDependencies = Object.keys(manifest.dependencies ?? {}).length > 0;
    return finishPlan(
      {
        name: "node",
        steps,
        deploy: {
          root: [`npm:${runtime}`],
          copies: [
            ...(hasDependencies
              ? [{ from: "dependencies", source: "/app/node_modules", target: "app/node_modules" }]
              : []),
            application,
          ],
          start: startOf(source, manifest),
          environment: { NODE_ENV: "production", PORT: "8080" },
          ports: [8080],
        },
      },
      source,
      settings,
    );
  },
};

function stepsOf(
  source: Source,
  manifest: Manifest,
  manager: PackageManager,
  runtime: string,
  build: string | undefined,
  settings: Settings,
): Plan["steps"] {
  const root = [`npm:${[manager.package, runtime].filter((name) => name !== undefined).join("/")}`, TOOLS];
  const common = {
    root,
    caches: [{ id: manager.name, target: manager.cache, sharing: "shared" as const }],
    network: "host" as const,
    configuration: ["npm" as const, "certificates" as const],
    environment: { CI: "true", npm_config_cache: manager.cache, npm_config_update_notifier: "false" },
  };
  const manifests: PlanCopy = { from: "source", source: ".", target: "app", include: [...manager.manifests] };
  const steps: Plan["steps"] = {};
  if (Object.keys(manifest.dependencies ?? {}).length > 0) {
    steps["dependencies"] = {
      ...common,
      copies: [manifests],
      commands: [manager.install("production", source)],
    };
  }
  if (build !== undefined) {
    const install = settings.installCommand ?? manager.install("all", source);
    steps["install"] = { ...common, copies: [manifests], commands: [install] };
    steps["build"] = {
      after: "install",
      copies: [{ from: "source", source: ".", target: "app" }],
      commands: [build],
      environment: { ...common.environment, NODE_ENV: "production" },
      secrets: Object.keys(settings.variables),
    };
  }
  return steps;
}

/** What install scripts and builds expect to be there, besides Node. */
const TOOLS = "apt:dash/coreutils/sed/grep/git/ca-certificates";

function readManifest(source: Source): Manifest {
  const parsed = manifestSchema.safeParse(source.json("package.json"));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BuildError(
    "SOURCE_INVALID",
    `package.json: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    {
      cause: parsed.error,
      fields: { path: "package.json" },
    },
  );
}

/** `=RANGE`, or nothing: then the newest of the line with long-term support. */
function nodeVersion(source: Source, settings: Settings): string {
  const wanted = wantedVersion(source, settings, "node");
  // In a reference a slash would begin another package.
  return wanted === undefined ? "" : `=${wanted.version.replaceAll("/", "")}`;
}

function siteOf(manifest: Manifest): string | undefined {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  return SITES.find(([name]) => name in all)?.[1];
}

/** The program itself and not npm: then signals reach it, and the image needs neither npm nor a shell. */
function startOf(source: Source, manifest: Manifest): string | readonly string[] | undefined {
  const script = manifest.scripts?.["start"];
  if (script !== undefined) {
    const isPlain = /^node(\s+[\w./@:=-]+)+$/.test(script);
    return isPlain ? script.trim().split(/\s+/) : `PATH=/app/node_modules/.bin:$PATH; exec ${script}`;
  }
  const entry = [manifest.main, ...ENTRIES].find((path) => path !== undefined && source.has(path));
  return entry === undefined ? undefined : ["node", entry];
}
