import { type Distribution, distributionOf, ECOSYSTEMS } from "../../distribution/distribution.ts";
import type { Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import { assetCopies } from "../../plan/assets.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import { baseOf } from "../../native/base.ts";
import { choosePrograms, type Program } from "../../native/choose-programs.ts";
import { linkedStep, OUTPUT, PROGRAMS, SHELL_TOOLS } from "../../native/linked.ts";
import { needsOf, runtimeReference } from "../../native/packages.ts";
import type { PlanStep } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { type Cgo, cgoOf } from "./cgo.ts";
import { commandsOf, goFiles, nameOfModule } from "./commands.ts";
import { modulesOf } from "./modules.ts";
import { GO_ROOT, goVersion, toolchainStep } from "./toolchain.ts";

const MANIFESTS = ["go.work", "go.mod", "main.go"] as const;

/** Go's modules and workspaces, with an exact Go; a program without C stands in its image alone. */
export const go: Provider = {
  name: "go",
  ecosystems: ECOSYSTEMS,
  detect: (source) => MANIFESTS.find((path) => source.has(path)),
  plan: (source, settings) => {
    const distribution = distributionOf(settings);
    const base = baseOf(distribution);
    const modules = modulesOf(source);
    const cgo = cgoOf(source, modules, settings);
    const programs = commandsOf(source, modules);
    const preferred = modules.map((module) => nameOfModule(module));
    const choice = { provider: "go", variable: "GO_BIN", programs, preferred };
    const { built, started } = choosePrograms(choice, source, settings);
    const needs = needsOf(cgo.libraries);
    const isServer = goFiles(source).some((path) => SERVES.test(source.text(path) ?? ""));
    return finishPlan(
      {
        name: "go",
        steps: {
          ...base.steps,
          toolchain: toolchainStep(goVersion(source, settings), distribution),
          build: buildStep(source, settings, cgo, needs.build, built, distribution),
          ...(cgo.use === "C" ? { linked: linkedStep(distribution) } : {}),
        },
        deploy: {
          root: cgo.use === "C" ? [runtimeReference(distribution, needs)] : [],
          copies: [
            ...base.copies,
            ...assetCopies(source, { code: [".go"], within: embedded(source) }),
            { from: cgo.use === "C" ? "linked" : "build", source: OUTPUT, target: "." },
          ],
          start: started === undefined ? undefined : [`${PROGRAMS}/${started.name}`],
          environment: {
            PATH: `${PROGRAMS}:/usr/local/bin:/usr/bin:/bin`,
            ...(isServer ? { PORT: "8080" } : {}),
          },
          ...(isServer ? { ports: [8080] } : {}),
        },
      },
      source,
      settings,
    );
  },
};

/** What a program has in it that waits for connections. */
const SERVES = /\b(ListenAndServe|ListenAndServeTLS|net\.Listen|http\.Serve|gin\.|echo\.New|fiber\.New)\b/;

function buildStep(
  source: Source,
  settings: Settings,
  cgo: Cgo,
  packages: readonly Need[],
  programs: readonly Program[],
  distribution: Distribution,
): PlanStep {
  const compiler: readonly Need[] =
    cgo.use === "C" ? ["C compiler", "C++ compiler", "C headers", "object tools", "pkg-config"] : [];
  const isVendored = source.has("vendor/modules.txt");
  const tags = settings.variables["GO_TAGS"];
  const flags = [
    `-mod=${isVendored ? "vendor" : "readonly"}`,
    // Nothing of where and when it was built, so that the same source gives the same program.
    "-trimpath -buildvcs=false -ldflags='-s -w -buildid='",
    ...(tags === undefined ? [] : [`-tags='${tags}'`]),
  ].join(" ");
  const lines = programs.map(
    ({ name, directory }) =>
      `go build ${flags} -o ${OUTPUT}${PROGRAMS}/${name} ${directory === "." ? "." : `./${directory}`}`,
  );
  const hasModule = source.has("go.mod") || source.has("go.work");
  return {
    root: [referenceTo(distribution, [...SHELL_TOOLS, "certificates", "git", ...compiler, ...packages])],
    mounts: [{ from: "toolchain", source: GO_ROOT, target: GO_ROOT }],
    copies: [{ from: "source", source: ".", target: "app" }],
    commands: [
      ...(hasModule ? [] : ["go mod init app && go mod tidy"]),
      settings.buildCommand ?? lines.join("\n"),
    ],
    environment: {
      PATH: `${GO_ROOT}/bin:/usr/local/bin:/usr/bin:/bin`,
      GOPATH: "/root/go",
      GOCACHE: "/root/.cache/go-build",
      GOTOOLCHAIN: "local",
      CGO_ENABLED: cgo.use === "C" ? "1" : "0",
      ...(cgo.use === "C" ? { CGO_CFLAGS: "-O2", CGO_LDFLAGS: "-Wl,--build-id=none" } : {}),
    },
    // Both know what they hold by what went into it: nothing of another build can get into this one.
    caches: [
      { id: "go-modules", target: "/root/go/pkg/mod", sharing: "shared" },
      { id: "go-build", target: "/root/.cache/go-build", sharing: "shared" },
    ],
    ...(isVendored ? {} : { network: "host", configuration: ["go", "certificates"] }),
    secrets: Object.keys(settings.variables),
  };
}

/** Files and directories that are in the program itself, by `//go:embed` in the source's root. */
function embedded(source: Source): readonly string[] {
  return goFiles(source)
    .filter((path) => !path.includes("/"))
    .flatMap((path) => [...(source.text(path) ?? "").matchAll(/^\/\/go:embed\s+(.*)$/gm)])
    .flatMap(([, patterns = ""]) => patterns.trim().split(/\s+/))
    .map((pattern) => pattern.replace(/^all:/, "").replace(/\/?\*.*$/, ""));
}
