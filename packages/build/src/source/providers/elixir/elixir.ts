import { BuildError } from "../../../errors.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import type { PlanStep } from "../../plan/plan.ts";
import type { Provider, Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { accepts } from "../../versions/accepts.ts";
import { chooseVersion, versionUnavailable } from "../../versions/choose.ts";
import { wantedVersion } from "../../versions/wanted.ts";
import { type Mix, readMix } from "./mix.ts";

/** Debian's, the newer first: which Erlang each stands on, the release that has both, and OpenSSL there. */
const ELIXIRS = {
  "1.18": { erlang: "27", suffix: ":trixie", openssl: "libssl3t64" },
  "1.14": { erlang: "25", suffix: "", openssl: "libssl3" },
} as const;
type ElixirVersion = keyof typeof ELIXIRS;

/** Elixir as a release of mix: with its Erlang in it, so that the image needs neither. */
export const elixir: Provider = {
  name: "elixir",
  detect: (source) => (source.has("mix.exs") ? "mix.exs" : undefined),
  plan: (source, settings) => {
    const mix = readMix(source, settings);
    const { release } = mix;
    if (release === undefined) {
      throw new BuildError("START_UNKNOWN", "mix.exs names no application and no release (elixir)", {
        advice:
          "Name a release in mix.exs, as releases: [shop: [applications: [shop: :permanent]]], or give --env MIX_RELEASE=NAME.",
        fields: { provider: "elixir" },
      });
    }
    const version = chooseElixir(source, settings);
    const { suffix, openssl } = ELIXIRS[version];
    const built = `/app/_build/prod/rel/${release}`;
    return finishPlan(
      {
        name: "elixir",
        steps: stepsOf(mix, `apt:${BUILD_PACKAGES.join("/")}${suffix}`, built, settings),
        deploy: {
          root: [`apt:${[...RUNTIME_PACKAGES, openssl].toSorted().join("/")}${suffix}`],
          copies: [
            // What others made changes less than the release's own files.
            { from: "build", source: built, target: "app", exclude: ["releases", `lib/${release}-*`] },
            { from: "build", source: built, target: "app", include: ["releases", `lib/${release}-*`] },
          ],
          start: [`/app/bin/${release}`, "start"],
          environment: {
            LANG: "C.UTF-8",
            PORT: "8080",
            RELEASE_DISTRIBUTION: "none",
            RELEASE_TMP: "/tmp",
            ...(mix.isPhoenix ? { PHX_SERVER: "true" } : {}),
          },
          ports: [8080],
        },
      },
      source,
      settings,
    );
  },
};

const BUILD_PACKAGES = [
  "elixir",
  "erlang-dev",
  "ca-certificates",
  "coreutils",
  "dash",
  "gcc",
  "git",
  "grep",
  "libc6-dev",
  "make",
  "sed",
];
/** Under a release: Erlang's libraries, and what the release's script calls. */
const RUNTIME_PACKAGES = [
  "ca-certificates",
  "coreutils",
  "dash",
  "grep",
  "libc-bin",
  "libstdc++6",
  "libsystemd0",
  "libtinfo6",
  "mawk",
  "sed",
  "zlib1g",
];

function chooseElixir(source: Source, settings: Settings): ElixirVersion {
  const chosen = chooseVersion(source, settings, "elixir", ["1.18", "1.14"]);
  const erlang = wantedVersion(source, settings, "erlang");
  if (erlang === undefined || accepts(erlang.version, ELIXIRS[chosen].erlang)) return chosen;
  const elixirs = wantedVersion(source, settings, "elixir")?.version ?? "*";
  const other = (["1.18", "1.14"] as const).find(
    (version) => accepts(elixirs, version) && accepts(erlang.version, ELIXIRS[version].erlang),
  );
  if (other === undefined)
    throw versionUnavailable(
      "erlang",
      erlang,
      Object.values(ELIXIRS).map((each) => each.erlang),
    );
  return other;
}

function stepsOf(
  mix: Mix,
  root: string,
  built: string,
  settings: Settings,
): Readonly<Record<string, PlanStep>> {
  const common = {
    environment: {
      MIX_ENV: "prod",
      LANG: "C.UTF-8",
      ERL_COMPILER_OPTIONS: "deterministic",
      ...(mix.dependencies === "some" ? { MIX_HOME: "/opt/mix" } : {}),
    },
    ...(mix.dependencies === "some"
      ? {
          caches: [{ id: "hex", target: "/root/.cache/hex", sharing: "locked" as const }],
          network: "host" as const,
          configuration: ["certificates" as const],
        }
      : {}),
  };
  const install = settings.installCommand ?? INSTALL;
  const build = settings.buildCommand ?? ["mix release --overwrite", ...mix.named].join(" ");
  return {
    ...(mix.dependencies === "none"
      ? {}
      : {
          dependencies: {
            ...common,
            root: [root],
            copies: [
              {
                from: "source",
                source: ".",
                target: "app",
                include: ["mix.exs", "mix.lock", "config", "apps/*/mix.exs"],
              },
            ],
            commands: [install],
          },
        }),
    build: {
      ...common,
      ...(mix.dependencies === "none" ? { root: [root] } : { after: "dependencies" }),
      copies: [{ from: "source", source: ".", target: "app", exclude: ["_build", "deps"] }],
      commands: [
        ...(mix.hasAssets ? ["mix assets.deploy"] : []),
        build,
        ...(mix.hasCookie ? [] : [withoutCookie(built)]),
      ],
      secrets: Object.keys(settings.variables),
    },
  };
}

/** Hex and rebar3 are fetched by mix; it takes the host's authorities only where this names them. */
const INSTALL = [
  "export HEX_CACERTS_PATH=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt} HEX_HOME=/root/.cache/hex",
  "mix local.hex --force --if-missing",
  "mix local.rebar --force --if-missing",
  "mix deps.get --only prod",
  "mix deps.compile",
].join("\n");

/**
 * Mix draws the secret that nodes of a cluster know each other by and writes it into the release: then it
 * would be in the image, and another one in every build. Whoever starts nodes that know each other says it.
 */
function withoutCookie(built: string): string {
  return [
    `: > ${built}/releases/COOKIE`,
    `for file in ${built}/releases/*/env.sh; do`,
    "  cat >> \"$file\" <<'END'",
    "",
    'if [ "${RELEASE_DISTRIBUTION:-none}" != none ] && [ -z "${RELEASE_COOKIE:-}" ]; then',
    '  echo "RELEASE_DISTRIBUTION=$RELEASE_DISTRIBUTION needs RELEASE_COOKIE, a secret that all nodes share" >&2',
    "  exit 1",
    "fi",
    "END",
    "done",
  ].join("\n");
}
