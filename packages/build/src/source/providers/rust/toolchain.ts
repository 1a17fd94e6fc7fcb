import { BuildError } from "../../../errors.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseVersion, versionUnavailable } from "../../versions/choose.ts";
import { wantedVersion } from "../../versions/wanted.ts";
import type { Crate } from "./manifest.ts";

/** The newest Rust of Debian 12, which its security team keeps for the browsers: its version moves. */
const NEWEST = "1.96";

/**
 * Rust and Cargo as packages of Debian 12, by version, the newest first: the security team's, that of the
 * last point release, and the one that Debian 12 came with.
 */
const PACKAGES: ReadonlyMap<string, readonly string[]> = new Map([
  [NEWEST, ["rustc-web", "cargo-web"]],
  ["1.85", ["rustc-web=1.85*", "cargo-web=1.85*", "libstd-rust-web-dev=1.85*"]],
  ["1.63", ["rustc", "cargo"]],
]);

/** The oldest Rust that takes an edition. */
const EDITIONS: Readonly<Record<string, number>> = { "2018": 31, "2021": 56, "2024": 85 };

/** Packages of the Rust that a source asks for, and that takes its edition. `VERSION_UNAVAILABLE` */
export function toolchainOf(source: Source, crates: readonly Crate[], settings: Settings): readonly string[] {
  const wanted = wantedVersion(source, settings, "rust");
  const others = [...PACKAGES.keys()].filter((version) => version !== NEWEST);
  if (wanted !== undefined && /^(nightly|beta)/.test(wanted.version)) {
    throw versionUnavailable("rust", wanted, [NEWEST, ...others]);
  }
  const version = chooseVersion(source, settings, "rust", [NEWEST, ...others]);
  for (const { directory, edition = "" } of crates) {
    const oldest = EDITIONS[edition] ?? 0;
    if (Number(version.split(".")[1]) >= oldest) continue;
    throw new BuildError(
      "VERSION_UNAVAILABLE",
      `Rust ${version} is asked for (${wanted?.from ?? ""}), and ${directory}/Cargo.toml has the edition ${edition}, which Rust 1.${oldest} was the first to know`,
      {
        advice: `Set RUST_VERSION=${NEWEST}, or change ${wanted?.from ?? "Cargo.toml"}.`,
        fields: { tool: "rust", wanted: version, available: [NEWEST, ...others].join(",") },
      },
    );
  }
  return PACKAGES.get(version) ?? [];
}
