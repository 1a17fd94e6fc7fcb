import { posix } from "node:path";
import { type Distribution, ECOSYSTEMS } from "../../distribution/distribution.ts";
import type { Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import { assetCopies } from "../../plan/assets.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import { baseOf } from "../../native/base.ts";
import { choosePrograms, type Program } from "../../native/choose-programs.ts";
import { linkedStep, OUTPUT, PROGRAMS, SHELL_TOOLS } from "../../native/linked.ts";
import { needsOf, runtimeReference } from "../../native/packages.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { lockedPackages } from "./lock.ts";
import { type Crate, cratesOf } from "./manifest.ts";
import { programsOf, rootFilesOf } from "./targets.ts";
import { targetOf, toolchainOf } from "./toolchain.ts";

/** Rust's packages and workspaces with Debian's Cargo; what they depend on is compiled in a step of its own. */
export const rust: Provider = {
  name: "rust",
  ecosystems: ECOSYSTEMS,
  detect: (source) => (source.has("Cargo.toml") ? "Cargo.toml" : undefined),
  plan: (source, settings) => {
    const crates = cratesOf(source);
    const programs = crates.flatMap((crate) => programsOf(source, crate));
    const [main] = crates;
    const preferred = [main?.manifest.package?.["default-run"] ?? [], main?.name ?? []].flat();
    const choice = { provider: "rust", variable: "RUST_BIN", programs, preferred };
    const { built, started } = choosePrograms(choice, source, settings);
    const locked = lockedPackages(source);
    const needs = needsOf(librariesOf(source, crates, locked));
    const toolchain = toolchainOf(source, crates, settings);
    const { from } = toolchain;
    const base = baseOf(from);
    const packages = [...toolchain.needs, ...needs.build];
    const isServer = locked.some((name) => SERVERS.has(name)) || hasListener(source);
    return finishPlan(
      {
        name: "rust",
        from,
        steps: {
          ...base.steps,
          ...compileSteps(source, settings, crates, built, { from, packages }),
          linked: linkedStep(from),
        },
        deploy: {
          root: [runtimeReference(from, needs)],
          copies: [
            ...base.copies,
            ...assetCopies(source, { code: [".rs"] }),
            { from: "linked", source: OUTPUT, target: "." },
          ],
          start: started === undefined ? undefined : [`${PROGRAMS}/${started.name}`],
          environment: {
            PATH: `${PROGRAMS}:/usr/local/bin:/usr/bin:/bin`,
            ...(isServer ? { PORT: "8080", ROCKET_ADDRESS: "0.0.0.0", ROCKET_PORT: "8080" } : {}),
          },
          ...(isServer ? { ports: [8080] } : {}),
        },
      },
      source,
      settings,
    );
  },
};

const SERVERS: ReadonlySet<string> = new Set([
  "actix-web",
  "axum",
  "poem",
  "rocket",
  "rouille",
  "salvo",
  "tide",
  "tiny_http",
  "tonic",
  "warp",
]);

function hasListener(source: Source): boolean {
  return source.matching("**/*.rs").some((path) => (source.text(path) ?? "").includes("TcpListener::bind"));
}

/** Crates that are no `-sys`, and want a program or C++'s own library all the same. */
const WITH_TOOLS: ReadonlySet<string> = new Set([
  "cmake",
  "link-cplusplus",
  "prost-build",
  "protobuf-codegen",
]);

/** Packages that bring their own copy of a library, so that the system's is not needed. */
const BUNDLES: Readonly<Record<string, string>> = { "openssl-sys": "openssl-src" };

/** Names of the packages that are compiled, which the table of libraries knows some of. */
function librariesOf(source: Source, crates: readonly Crate[], locked: readonly string[]): readonly string[] {
  const texts = crates.map(({ directory }) => source.text(posix.join(directory, "Cargo.toml")) ?? "");
  const isBundled = texts.some((text) => /\b(bundled|vendored)\b/.test(text));
  return locked.filter((name) => {
    // A crate that is called as a library is another in Rust, or brings its own.
    if (!name.endsWith("-sys") && !WITH_TOOLS.has(name)) return false;
    const own = BUNDLES[name];
    if (own !== undefined && locked.includes(own)) return false;
    return !(isBundled && name === "libsqlite3-sys");
  });
}

const CARGO_HOME = "/usr/local/cargo";

/**
 * What comes from elsewhere is fetched and compiled with empty programs in place of the source's own, from
 * nothing but manifests: a step that a change of code does not repeat, and whose files, all of one time,
 * Cargo takes for current. Then the source's own packages are compiled, without a network.
 */
function compileSteps(
  source: Source,
  settings: Settings,
  crates: readonly Crate[],
  programs: readonly Program[],
  { from, packages }: { readonly from: Distribution; readonly packages: readonly Need[] },
): Plan["steps"] {
  const isVendored = /vendored-sources/.test(configurationOf(source));
  const environment = {
    CARGO_HOME,
    CARGO_TARGET_DIR: "/target",
    CARGO_INCREMENTAL: "0",
    CARGO_NET_GIT_FETCH_WITH_CLI: "true",
    CARGO_TERM_PROGRESS_WHEN: "never",
    // Neither where the source lay nor where Cargo keeps its own is in a program.
    CARGO_BUILD_RUSTFLAGS: `--remap-path-prefix=/app=. --remap-path-prefix=${CARGO_HOME}/registry/src=crates`,
  };
  const isLocked = source.has("Cargo.lock");
  const chosen = programs
    .map(({ name, directory }) => ({ name, crate: crates.find((crate) => crate.directory === directory) }))
    .map(({ name, crate }) => `--package ${crate?.name ?? name} --bin ${name}`);
  const build = (mode: "--locked" | "--offline" | ""): string =>
    chosen.map((flags) => `cargo build --release ${mode} ${flags} ${HOST_CONFIGURATION}`).join("\n");
  const files = rootFilesOf(source, crates);
  const target = targetOf(source);
  const made = target === undefined ? "/target/release" : `/target/${target}/release`;
  const tools = [...SHELL_TOOLS, "certificates", "pkg-config", "make"] as const;
  // Whoever fetches from a repository that is not a registry needs git.
  const git = isVendored ? [] : (["git"] as const);
  return {
    dependencies: {
      root: [referenceTo(from, [...tools, ...git, ...packages])],
      copies: [
        {
          from: "source",
          source: ".",
          target: "app",
          include: ["Cargo.toml", "**/Cargo.toml", "Cargo.lock", ".cargo", ...(isVendored ? ["vendor"] : [])],
        },
      ],
      commands: [emptyPrograms(files), settings.installCommand ?? build(isLocked ? "--locked" : "")],
      environment,
      ...(isVendored ? {} : { network: "host", configuration: ["cargo", "certificates"] }),
      secrets: Object.keys(settings.variables),
    },
    build: {
      after: "dependencies",
      copies: [{ from: "source", source: ".", target: "app" }],
      commands: [
        settings.buildCommand ??
          [
            // Of one time with what was compiled of the empty ones, they would pass for these.
            `touch ${files.map(quoted).join(" ")}`,
            build("--offline"),
            `mkdir -p ${OUTPUT}${PROGRAMS}`,
            `cp ${programs.map(({ name }) => `${made}/${name}`).join(" ")} ${OUTPUT}${PROGRAMS}/`,
          ].join("\n"),
      ],
      environment,
      // Where the host names a mirror, what was fetched is kept under the mirror's name.
      configuration: ["cargo"],
      secrets: Object.keys(settings.variables),
    },
  };
}

/** Cargo takes the host's settings as a flag: they are no part of its home here. */
const HOST_CONFIGURATION = '${COOPER_CARGO_CONFIG:+--config "$COOPER_CARGO_CONFIG"}';

function emptyPrograms(files: readonly string[]): string {
  const directories = [...new Set(files.map((path) => posix.dirname(path)))];
  return [
    `mkdir -p ${directories.map(quoted).join(" ")}`,
    `for file in ${files.map(quoted).join(" ")}; do`,
    '  case $file in */lib.rs) : >"$file" ;; *) echo "fn main() {}" >"$file" ;; esac',
    "done",
  ].join("\n");
}

function configurationOf(source: Source): string {
  return `${source.text(".cargo/config.toml") ?? ""}\n${source.text(".cargo/config") ?? ""}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
