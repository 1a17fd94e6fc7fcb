import { distributionOf } from "../../distribution/distribution.ts";
import { type Names, type Need, SHARED } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import type { PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseRelease, type Chosen, type Offers } from "../../versions/choose-release.ts";

/** The Pythons that can be had, each that of a release. The first one is for whom any will do. */
const OFFERS: Offers = {
  apt: [
    { version: "3.11", release: "bookworm" },
    { version: "3.13", release: "trixie" },
    { version: "3.14", release: "forky" },
  ],
  apk: [
    { version: "3.12", release: "3.22" },
    { version: "3.11", release: "3.19" },
    { version: "3.10", release: "3.17" },
  ],
  nix: [
    { version: "3.12", name: "python312" },
    { version: "3.13", name: "python313" },
    { version: "3.11", name: "python311" },
  ],
};

/** One of them, and the distribution that it comes from. */
export type Runtime = Chosen;

/** By whichever name nixpkgs has it. */
function pythonOf({ name }: Runtime): Names {
  return { ...SHARED.python, nix: name };
}

/** Where packages are installed: a virtual environment, which the image gets whole. */
export const ENVIRONMENT = "/opt/venv";
/** Where the project itself is installed, so that it is a layer of its own. */
export const PROJECT = "/opt/project";

/** `VERSION_UNAVAILABLE` */
export function chooseRuntime(source: Source, settings: Settings): Runtime {
  return chooseRelease(source, settings, "python", OFFERS, distributionOf(settings));
}

/** Where the modules are that come with Python; undefined where they are compiled already. */
export function libraryOf({ version, from }: Runtime): string | undefined {
  return from.ecosystem === "nix" ? undefined : `/usr/lib/python${version}`;
}

/** What is in the image under everything else: Python and what it loads, no pip and no shell. */
export function runtimeRoot(runtime: Runtime, packages: readonly Need[]): string {
  const base = ["base", "library cache", "network names", "time zones", "certificates"] as const;
  return referenceTo(runtime.from, [...base, pythonOf(runtime), ...packages, "alone"]);
}

/** The step that others go on with: Python with pip, and an empty environment. */
export function pythonStep(runtime: Runtime, packages: readonly Need[]): PlanStep {
  const path = `${ENVIRONMENT}/lib/python${runtime.version}/site-packages/project.pth`;
  return {
    root: [buildRoot(runtime, packages)],
    commands: [
      inOneGo(
        ...(runtime.from.ecosystem === "nix" ? [`/bin/python3 -m venv ${PIP_OF_ITS_OWN}`] : []),
        `python3 -m venv --without-pip ${ENVIRONMENT}`,
        `echo ${PROJECT} > ${path}`,
      ),
    ],
    environment: REPRODUCIBLE,
  };
}

/**
 * The step that makes byte code of the modules that come with Python, which Debian leaves to be made
 * when a package is installed. It takes seconds, so it is beside the one that installs packages.
 */
export function byteCodeStep(runtime: Runtime, packages: readonly Need[], library: string): PlanStep {
  return {
    root: [buildRoot(runtime, packages)],
    commands: [compileLine(library)],
    environment: REPRODUCIBLE,
  };
}

function buildRoot(runtime: Runtime, packages: readonly Need[]): string {
  const { from } = runtime;
  return referenceTo(from, [
    pythonOf(runtime),
    ...(from.ecosystem === "apt" ? [] : SHELL),
    ...(from.ecosystem === "nix" ? [] : (["pip"] as const)),
    "certificates",
    "grep",
    "sed",
    ...packages,
  ]);
}

/** Debian's base has both. */
const SHELL = ["shell", "coreutils"] as const;

/** nixpkgs' Python sees no pip: here, where commands are looked for first, is one that sees its own. */
const PIP_OF_ITS_OWN = "/usr/local";

/**
 * Byte code that Python takes for what it is, without a look at the source: no times in it, so it is
 * the same every time, and nothing to check at every start. Files that are not for this Python, such
 * as templates, have none.
 */
export function compileLine(directory: string): string {
  return `{ python3 -B -m compileall -f -qq --invalidation-mode unchecked-hash ${directory} || true; }`;
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

/** A line that installs into an environment; by default the application's. */
export function pipInstallInto(environment: string, ...what: readonly string[]): string {
  return [`${environment}/bin/python ${PIP_RUNNER} install`, ...what].join(" ");
}

export function pipInstall(...what: readonly string[]): string {
  return pipInstallInto(ENVIRONMENT, ...what);
}

/** What pip starts itself by for another Python (`pip --python`), which first loads all of it only to do that. */
const PIP_RUNNER = `"$(python3 -c 'import pip; print(pip.__path__[0])')/__pip-runner__.py"`;
