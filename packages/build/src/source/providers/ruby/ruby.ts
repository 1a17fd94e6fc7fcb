import { distributionOf, ECOSYSTEMS } from "../../distribution/distribution.ts";
import type { Names, Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import type { Plan, PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseRelease, type Chosen, type Offers } from "../../versions/choose-release.ts";
import { type Gems, readGems } from "./gems.ts";
import { nativePackages } from "./native.ts";
import { ENTRIES, findStart, isRails } from "./start.ts";

/** The versions of Ruby that can be had, each that of a release. The first one is for whom any will do. */
const OFFERS: Offers = {
  apt: [
    { version: "3.1", release: "bookworm" },
    { version: "3.3", release: "trixie" },
  ],
  apk: [
    { version: "3.4", release: "3.22" },
    { version: "3.3", release: "3.21" },
    { version: "3.2", release: "3.19" },
    { version: "3.1", release: "3.17" },
  ],
  nix: [
    { version: "3.3", name: "ruby_3_3" },
    { version: "3.4", name: "ruby_3_4" },
    { version: "3.2", name: "ruby_3_2" },
  ],
};

/** Where Bundler puts gems. */
const BUNDLE = "/opt/bundle";
const CACHE = "/root/.bundle/cache";

/** Ruby: gems by Bundler; Debian's Ruby, no compiler and no shell in the image. */
export const ruby: Provider = {
  name: "ruby",
  ecosystems: ECOSYSTEMS,
  detect: (source) => ["Gemfile", "config.ru", ...ENTRIES].find((path) => source.has(path)),
  plan: (source, settings) => {
    const runtime = chooseRelease(source, settings, "ruby", OFFERS, distributionOf(settings));
    const gems = readGems(source);
    const native = nativePackages(gems.names);
    const environment = environmentOf(source, gems);
    const steps = bundleSteps(source, settings, gems, runtime, native.build);
    const hasBundle = steps["dependencies"] !== undefined;
    // The image has gems as they were installed, not their archives.
    const archives = gems.cache === "none" ? {} : { exclude: ["vendor/cache/*.gem"] };
    const copies: PlanCopy[] = [
      ...(hasBundle ? [{ from: "dependencies", source: BUNDLE, target: BUNDLE.slice(1) }] : []),
      steps["application"] === undefined
        ? { from: "source", source: ".", target: "app", ...archives }
        : { from: "application", source: "/app", target: "app", ...archives },
    ];
    const base = ["base", "library cache", "network names", "time zones", "certificates"] as const;
    const bundler = hasBundle ? [BUNDLER] : [];
    return finishPlan(
      {
        name: "ruby",
        from: runtime.from,
        steps,
        deploy: {
          root: [referenceTo(runtime.from, [...base, rubyOf(runtime), ...bundler, ...native.run, "alone"])],
          copies,
          start: findStart(source, gems),
          environment: { ...environment, PORT: "8080" },
          ports: [8080],
        },
      },
      source,
      settings,
    );
  },
};

/** With all that Ruby's makers publish with it: Alpine has the gems among that apart. */
function rubyOf({ name }: Chosen): Names {
  return { title: "Ruby", apt: "ruby", apk: "ruby-full", nix: name };
}

const BUNDLER: Names = { title: "Bundler", apt: "ruby-bundler", apk: "ruby-bundler", nix: "" };
const HEADERS: Names = { title: "Ruby's headers", apt: "ruby-dev", apk: "ruby-dev", nix: "" };

/** What Bundler, Rack and Rails are told, when it is built and when it runs. */
function environmentOf(source: Source, gems: Gems): Readonly<Record<string, string>> {
  const bundler = {
    BUNDLE_PATH: BUNDLE,
    BUNDLE_WITHOUT: "development:test",
    ...(gems.bundler === "locked" ? { BUNDLE_DEPLOYMENT: "1" } : {}),
  };
  const rails = { RAILS_ENV: "production", RAILS_LOG_TO_STDOUT: "1", RAILS_SERVE_STATIC_FILES: "1" };
  return {
    ...(gems.bundler === "none" ? {} : bundler),
    RACK_ENV: "production",
    ...(isRails(source, gems) ? rails : {}),
  };
}

function bundleSteps(
  source: Source,
  settings: Settings,
  gems: Gems,
  runtime: Chosen,
  packages: readonly Need[],
): Plan["steps"] {
  const { from } = runtime;
  const tools: readonly Need[] = [
    rubyOf(runtime),
    HEADERS,
    BUNDLER,
    "C compiler",
    "C++ compiler",
    "make",
    "C headers",
    "git",
    "certificates",
    "findutils",
    // Debian's base has both.
    ...(from.ecosystem === "apt" ? [] : (["shell", "coreutils"] as const)),
  ];
  const root = [referenceTo(from, [...tools, ...packages])];
  const whole: PlanCopy = { from: "source", source: ".", target: "app" };
  const environment = { ...environmentOf(source, gems), CFLAGS: "-g0" };
  const steps: Plan["steps"] = {};
  if (gems.bundler !== "none" || settings.installCommand !== undefined) {
    const manifests = settings.installCommand === undefined && gems.from !== "source";
    steps["dependencies"] = {
      root,
      copies: [manifests ? { ...whole, include: [...gems.manifests] } : whole],
      commands: [
        settings.installCommand ??
          `bundle install --jobs 4${gems.cache === "all" ? " --local" : ""} && ${CLEAN}`,
      ],
      caches: [{ id: "bundler", target: CACHE, sharing: "locked" }],
      environment: { ...environment, BUNDLE_USER_CACHE: CACHE },
      ...(gems.cache === "all" ? {} : { network: "host", configuration: ["certificates"] }),
    };
  }
  const builds = [
    ...(settings.buildCommand === undefined ? [] : [settings.buildCommand]),
    ...assetLines(source, gems),
  ];
  if (builds.length > 0) {
    const application: PlanStep = {
      ...(steps["dependencies"] === undefined ? { root } : { after: "dependencies" }),
      copies: [whole],
      commands: [builds.join(" && ")],
      environment: { ...environment, SECRET_KEY_BASE_DUMMY: "1" },
      secrets: Object.keys(settings.variables),
    };
    steps["application"] = application;
  }
  return steps;
}

/** What installing leaves behind that running does not need, and that is not the same every time. */
const CLEAN = `find ${BUNDLE} \\( -name cache -prune -o -name '*.o' -o -name gem_make.out -o -name mkmf.log -o -path '*/ext/*/Makefile' \\) -exec rm -rf {} +`;

/** Rails' assets, where something is there that makes them. */
function assetLines(source: Source, gems: Gems): readonly string[] {
  const hasPipeline = ["sprockets-rails", "propshaft", "vite_rails", "cssbundling-rails"].some((name) =>
    gems.names.has(name),
  );
  return isRails(source, gems) && hasPipeline ? ["bundle exec rails assets:precompile"] : [];
}
