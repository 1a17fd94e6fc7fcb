import { posix } from "node:path";
import { ECOSYSTEMS } from "../../distribution/distribution.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import type { PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { readDjango } from "./django.ts";
import { installPlan } from "./install.ts";
import { nativePackages } from "./native.ts";
import { readProject } from "./project.ts";
import { PYLOCK } from "./pylock.ts";
import {
  chooseRuntime,
  compileLine,
  ENVIRONMENT,
  inOneGo,
  PROJECT,
  REPRODUCIBLE,
  runtimeRoot,
} from "./runtime.ts";
import { ENTRIES, findStart } from "./start.ts";

const MANIFESTS = [
  "requirements.txt",
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "Pipfile",
  PYLOCK,
  "manage.py",
] as const;

/** Python: packages by pip, as requirements or a lock file say; Debian's Python, no pip and no shell in the image. */
export const python: Provider = {
  name: "python",
  ecosystems: ECOSYSTEMS,
  detect: (source) =>
    [...MANIFESTS, ...ENTRIES.map((entry) => `${entry}.py`)].find((path) => source.has(path)),
  plan: (source, settings) => {
    const runtime = chooseRuntime(source, settings);
    const project = readProject(source);
    const native = nativePackages(project, runtime);
    const start = findStart(source, project);
    const installed = installPlan({ source, settings, project, runtime, native });
    const django = readDjango(source);
    const paths = ["/opt/project/bin", `${ENVIRONMENT}/bin`, "/usr/local/bin", "/usr/bin", "/bin"];
    const directory = posix.join("/app", django?.directory ?? ".");
    const environment = {
      PATH: paths.join(":"),
      PYTHONPATH: [directory, ...(source.has("src") ? ["/app/src"] : [])].join(":"),
    };
    // An installed project that is started by its own program is whole without its source.
    const isOwn = settings.startCommand === undefined && !source.has("Procfile");
    const needsSource = start?.from !== "script" || !isOwn;
    const application = needsSource
      ? applicationStep(source, settings, installed.last, environment)
      : undefined;
    const copies: PlanCopy[] = [...installed.copies];
    if (application !== undefined) copies.push({ from: "application", source: "/app", target: "app" });
    else if (needsSource) copies.push({ from: "source", source: ".", target: "app" });
    return finishPlan(
      {
        name: "python",
        from: runtime.from,
        steps: { ...installed.steps, ...(application === undefined ? {} : { application }) },
        deploy: {
          root: [runtimeRoot(runtime, native.run)],
          copies,
          start: start?.command,
          environment: {
            ...environment,
            // Nobody has no home, and what wants one gets the place that may be written.
            HOME: "/tmp",
            PYTHONUNBUFFERED: "1",
            PYTHONDONTWRITEBYTECODE: "1",
            PORT: "8080",
          },
          directory: needsSource ? directory : PROJECT,
          ports: [8080],
          ...(isOwn && start?.stopSignal !== undefined ? { stopSignal: start.stopSignal } : {}),
        },
      },
      source,
      settings,
    );
  },
};

/** The source, and what is built of it. Undefined where that is nothing. */
function applicationStep(
  source: Source,
  settings: Settings,
  after: string,
  environment: Readonly<Record<string, string>>,
): PlanStep | undefined {
  const builds = [
    ...(settings.buildCommand === undefined ? [] : [settings.buildCommand]),
    ...collectLine(source, settings),
  ];
  if (builds.length === 0) return undefined;
  return {
    after,
    copies: [{ from: "source", source: ".", target: "app" }],
    commands: [inOneGo(...builds, compileLine("/app"))],
    environment: { ...REPRODUCIBLE, ...environment, PYTHONDONTWRITEBYTECODE: "1" },
    secrets: Object.keys(settings.variables),
  };
}

/** Django's static files, where the settings name a place for them. `DISABLE_COLLECTSTATIC=1` leaves it out. */
function collectLine(source: Source, settings: Settings): readonly string[] {
  const django = readDjango(source);
  if (django?.statics !== "collected" || settings.variables["DISABLE_COLLECTSTATIC"] === "1") return [];
  return [`cd ${posix.join("/app", django.directory)} && python3 manage.py collectstatic --noinput`];
}
