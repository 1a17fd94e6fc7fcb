import { posix } from "node:path";
import { distributionOf } from "../../distribution/distribution.ts";
import { named, type Names, type Need, same } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import type { Plan, PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import { chooseRelease, type Chosen, type Offers } from "../../versions/choose-release.ts";
import { alpineName, extensionPackages } from "./extensions.ts";
import { type PhpProject, readPhpProject } from "./project.ts";
import { SERVE, serverStep, START } from "./server.ts";

/** The versions of PHP that can be had, each that of a release. The first one is for whom any will do. */
const OFFERS: Offers = {
  apt: [
    { version: "8.2", release: "bookworm" },
    { version: "8.4", release: "trixie" },
  ],
  // Alpine has several at a time: these are what its Composer runs on.
  apk: [
    { version: "8.4", release: "3.22" },
    { version: "8.3", release: "3.20" },
    { version: "8.2", release: "3.19" },
  ],
};

/** PHP by PHP-FPM behind nginx; packages by Composer. */
export const php: Provider = {
  name: "php",
  ecosystems: ["apt", "apk"],
  detect: (source) => ["composer.json", "index.php", "public/index.php"].find((path) => source.has(path)),
  plan: (source, settings) => {
    const runtime = chooseRelease(source, settings, "php", OFFERS, distributionOf(settings));
    const project = readPhpProject(source);
    const root = settings.variables["PHP_ROOT"] ?? project.documentRoot;
    const packages = extensionPackages(project.extensions, runtime);
    const base = runtimeRoot(runtime, packages);
    const steps = composerSteps(settings, project, runtime, packages);
    const application: PlanCopy =
      steps["application"] === undefined
        ? { from: "source", source: ".", target: "app" }
        : { from: "application", source: "/app", target: "app", exclude: ["vendor"] };
    const copies: PlanCopy[] = [
      { from: "server", source: SERVE, target: SERVE.slice(1) },
      ...(steps["application"] === undefined
        ? []
        : [{ from: "application", source: "/app/vendor", target: "app/vendor" }]),
      application,
    ];
    return finishPlan(
      {
        name: "php",
        from: runtime.from,
        steps: { server: serverStep(posix.join("/app", root), runtime.from), ...steps },
        deploy: {
          root: [base],
          copies,
          start: START,
          environment: { PORT: "8080", PHP_WORKERS: "16" },
          ports: [8080],
        },
      },
      source,
      settings,
    );
  },
};

/** What is under the application. The two packages after the first stand in for systemd and perl, which PHP-FPM's would bring. */
function runtimeRoot(runtime: Chosen, packages: readonly Need[]): string {
  const { from, version } = runtime;
  const standIns = named("usr-is-merged systemd-standalone-tmpfiles", "", undefined);
  const base = ["base", standIns, "library cache", "time zones", "certificates"] as const;
  const servers = [
    named(`php${version}-fpm`, `${alpineName(version)}-fpm`, undefined),
    named("nginx-light", "nginx", undefined),
  ];
  return referenceTo(from, [...base, programOf(runtime), ...servers, ...packages, "alone"]);
}

function programOf({ version }: Chosen): Names {
  return named(`php${version}-cli`, alpineName(version), undefined);
}

/** Packages first, by Composer's own files; then the classes of the application, which need its source. */
function composerSteps(
  settings: Settings,
  project: PhpProject,
  runtime: Chosen,
  packages: readonly Need[],
): Plan["steps"] {
  const whole: PlanCopy = { from: "source", source: ".", target: "app" };
  const builds = settings.buildCommand === undefined ? [] : [settings.buildCommand];
  const common = {
    environment: {
      COMPOSER_ALLOW_SUPERUSER: "1",
      COMPOSER_NO_INTERACTION: "1",
      COMPOSER_HOME: HOME,
      COMPOSER_CACHE_DIR: CACHE,
    },
    caches: [{ id: "composer", target: CACHE, sharing: "shared" as const }],
  };
  const { from } = runtime;
  // Debian's base has both.
  const shell = from.ecosystem === "apt" ? [] : (["shell", "coreutils"] as const);
  const root = [
    referenceTo(from, [same("composer"), "git", "unzip", programOf(runtime), ...shell, ...packages]),
  ];
  const secrets = builds.length === 0 ? {} : { secrets: Object.keys(settings.variables) };
  if (project.composer === "none" && settings.installCommand === undefined) {
    if (builds.length === 0) return {};
    return { application: { root, copies: [whole], commands: builds, ...secrets } };
  }
  const autoload = "composer dump-autoload --no-dev --optimize";
  const install =
    settings.installCommand ?? "composer install --no-dev --no-progress --no-scripts --no-autoloader";
  const dependencies: PlanStep = {
    ...common,
    root,
    files: [{ path: `${HOME}/config.json`, text: SETTINGS }],
    copies: [
      settings.installCommand === undefined
        ? { ...whole, include: ["composer.json", "composer.lock", ...project.local] }
        : whole,
    ],
    commands: [install],
    ...(project.packages === "some" ? { network: "host", configuration: ["certificates"] } : {}),
  };
  return {
    dependencies,
    application: {
      ...common,
      after: "dependencies",
      copies: [whole],
      commands: [[autoload, ...builds].join(" && ")],
      ...secrets,
    },
  };
}

const CACHE = "/root/.cache/composer";
const HOME = "/opt/composer";
/** What the autoloader's class is called, which Composer draws by lot where it has locked nothing. */
const SETTINGS = '{ "config": { "autoloader-suffix": "Application" } }\n';
