import { posix } from "node:path";
import { distributionOf, ECOSYSTEMS } from "../../distribution/distribution.ts";
import type { Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import { assetCopies } from "../../plan/assets.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import { baseOf } from "../../native/base.ts";
import { choosePrograms, type Program } from "../../native/choose-programs.ts";
import { linkedStep, OUTPUT, SHELL_TOOLS } from "../../native/linked.ts";
import { needsOf, runtimeReference } from "../../native/packages.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { autotools } from "./autotools.ts";
import type { BuildSystem, Description } from "./build-system.ts";
import { cmake } from "./cmake.ts";
import { collect } from "./collect.ts";
import { make } from "./make.ts";
import { meson } from "./meson.ts";
import { TOOL_PLACE } from "./newer-tool.ts";

/** In the order in which they are asked: a Makefile beside others is theirs, or for those who work on it. */
const SYSTEMS: readonly BuildSystem[] = [cmake, meson, autotools, make];

const CODE = [".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".ipp", ".o", ".a"] as const;
const PATH = "/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** C and C++ with CMake, Meson, configure or Make: what is installed, and the libraries that it names. */
export const c: Provider = {
  name: "c",
  ecosystems: ECOSYSTEMS,
  detect: (source) => SYSTEMS.map((system) => system.manifest(source)).find((path) => path !== undefined),
  plan: (source, settings) => {
    const distribution = distributionOf(settings);
    const base = baseOf(distribution);
    const system = SYSTEMS.find((each) => each.manifest(source) !== undefined) ?? make;
    const description = system.describe(source, settings);
    const { built, started } = chosen(description, source, settings);
    const isCxx = source.paths.some((path) => /\.(cc|cpp|cxx|c\+\+)$/.test(path));
    const needs = needsOf([...description.libraries, ...(isCxx ? ["cxx"] : [])]);
    const port = listens(source) ? { environment: { PATH, PORT: "8080" }, ports: [8080] } : undefined;
    return finishPlan(
      {
        name: "c",
        steps: {
          ...base.steps,
          ...compileSteps(description, settings, built, needs.build),
          linked: linkedStep(distribution),
        },
        deploy: {
          root: [runtimeReference(distribution, needs)],
          copies: [
            ...base.copies,
            ...(description.install === "" ? assetCopies(source, { code: CODE }) : []),
            { from: "linked", source: OUTPUT, target: "." },
          ],
          start: started === undefined ? undefined : [started.name],
          environment: { PATH },
          ...port,
        },
      },
      source,
      settings,
    );
  },
};

/** `C_BIN` may name what no file names: what makes programs is a language of its own. */
function chosen(
  { programs, project }: Description,
  source: Source,
  settings: Settings,
): { readonly built: readonly Program[]; readonly started: Program | undefined } {
  const name = settings.variables["C_BIN"];
  const named = name === undefined ? undefined : { name, directory: "." };
  if (named !== undefined) return { built: [named], started: named };
  if (programs.length === 0) return { built: [], started: undefined };
  const preferred = [project ?? [], posix.basename(source.directory)].flat();
  const choice = { provider: "c", variable: "C_BIN", programs: distinct(programs), preferred };
  return choosePrograms(choice, source, settings);
}

/** Files may describe one program several times, one for each system. */
function distinct(programs: readonly Program[]): readonly Program[] {
  return programs.filter(({ name }, place) => programs.findIndex((other) => other.name === name) === place);
}

function listens(source: Source): boolean {
  return source.paths.some(
    (path) =>
      /\.(c|cc|cpp|cxx)$/.test(path) &&
      /\b(listen|MHD_start_daemon|evhttp_bind\w*)\s*\(/.test(source.text(path) ?? ""),
  );
}

/** Has compilers' names, and asks the cache before it runs one; those of nixpkgs are asked by themselves. */
const CCACHE = { apt: "/usr/lib/ccache:", apk: "/usr/lib/ccache/bin:", nix: "" } as const;

function compileSteps(
  { tools, configure, build, install, fetches, toolchain }: Description,
  settings: Settings,
  programs: readonly Program[],
  packages: readonly Need[],
): Plan["steps"] {
  const distribution = distributionOf(settings);
  const compilers = ["C compiler", "C++ compiler", "C headers", "object tools", "compiler cache"] as const;
  const online = fetches === "sources" ? (["git", "certificates"] as const) : [];
  const lines = [configure, settings.buildCommand ?? build, install, collect(programs)];
  return {
    ...(toolchain === undefined ? {} : { toolchain: toolchain.step }),
    build: {
      root: [referenceTo(distribution, [...SHELL_TOOLS, ...compilers, ...tools, ...packages, ...online])],
      ...(toolchain === undefined
        ? {}
        : { mounts: [{ from: "toolchain", source: TOOL_PLACE, target: TOOL_PLACE }] }),
      copies: [{ from: "source", source: ".", target: "app" }],
      commands: [lines.filter((line) => line !== "").join("\n")],
      // What was compiled before is known by all that went into it, so another build's can be taken.
      caches: [{ id: "ccache", target: "/root/.cache/ccache", sharing: "shared" }],
      environment: {
        PATH: `${toolchain === undefined ? "" : `${toolchain.path}:`}${CCACHE[distribution.ecosystem]}/usr/sbin:/usr/bin:/sbin:/bin`,
        DESTDIR: OUTPUT,
        // Where the source lay is in no program.
        CFLAGS: "-O2 -ffile-prefix-map=/app=.",
        CXXFLAGS: "-O2 -ffile-prefix-map=/app=.",
        ...toolchain?.environment,
      },
      ...(fetches === "sources" ? { network: "host", configuration: ["certificates"] } : {}),
      secrets: Object.keys(settings.variables),
    },
  };
}
