import type { PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseRelease } from "../../versions/choose-release.ts";

/** The Pythons that can be had, each Debian's own of a release. The first one is for whom any will do. */
const RUNTIMES = [
  { version: "3.11", release: "bookworm" },
  { version: "3.13", release: "trixie" },
  { version: "3.14", release: "forky" },
] as const;

export type Runtime = (typeof RUNTIMES)[number];
export type Release = Runtime["release"];

/** Where packages are installed: a virtual environment, which the image gets whole. */
export const ENVIRONMENT = "/opt/venv";
/** Where the project itself is installed, so that it is a layer of its own. */
export const PROJECT = "/opt/project";

/** `VERSION_UNAVAILABLE` */
export function chooseRuntime(source: Source, settings: Settings): Runtime {
  return chooseRelease(source, settings, "python", RUNTIMES);
}

/** Where the modules are that come with Python. */
export function libraryOf({ version }: Runtime): string {
  return `/usr/lib/python${version}`;
}

/** What is in the image under everything else: Python and what it loads, no pip and no shell. */
export function runtimeRoot({ release }: Runtime, packages: readonly string[]): string {
  const own = ["base-files", "libc-bin", "netbase", "tzdata", "ca-certificates", "python3"];
  return `apt:${[...own, ...packages].join("/")}/+nobase:${release}`;
}

/**
 * The step that others go on with: Python with pip, an empty environment, and the byte code of the
 * modules that come with Python, which Debian leaves to be made when a package is installed.
 */
export function pythonStep(runtime: Runtime, packages: readonly string[]): PlanStep {
  const path = `${ENVIRONMENT}/lib/python${runtime.version}/site-packages/project.pth`;
  return {
    root: [
      `apt:${["python3", "python3-pip", "ca-certificates", "grep", "sed", ...packages].join("/")}:${runtime.release}`,
    ],
    commands: [
      inOneGo(
        `python3 -m venv --without-pip ${ENVIRONMENT}`,
        `echo ${PROJECT} > ${path}`,
        compileLine(libraryOf(runtime)),
      ),
    ],
    environment: REPRODUCIBLE,
  };
}

/**
 * Byte code that Python takes for what it is, without a look at the source: no times in it, so it is
 * the same every time, and nothing to check at every start. Files that are not for this Python, such
 * as templates, have none.
 */
export function compileLine(directory: string): string {
  return `{ python3 -m compileall -qq --invalidation-mode unchecked-hash ${directory} || true; }`;
}

/** Lines of which each runs if the one before did: one layer, not one each. */
export function inOneGo(...lines: readonly string[]): string {
  return lines.join(" && ");
}

/** Sets of words have one order in byte code; compiled modules do not name the directory they were built in. */
export const REPRODUCIBLE = { PYTHONHASHSEED: "0", CFLAGS: "-g0" } as const;

/** How a step is told that it runs pip. */
export const PIP = {
  caches: [{ id: "pip", target: "/root/.cache/pip", sharing: "shared" as const }],
  network: "host" as const,
  configuration: ["pip" as const, "certificates" as const],
  environment: {
    ...REPRODUCIBLE,
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_NO_COMPILE: "1",
    PIP_NO_INPUT: "1",
    PIP_ROOT_USER_ACTION: "ignore",
  },
};

/** A line that installs into the environment. */
export function pipInstall(...what: readonly string[]): string {
  return ["python3 -m pip --python", ENVIRONMENT, "install", ...what].join(" ");
}
