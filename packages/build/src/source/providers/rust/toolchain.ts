import { BuildError } from "../../../errors.ts";
import { type Distribution, distributionOf } from "../../distribution/distribution.ts";
import type { Need } from "../../distribution/names.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { versionUnavailable } from "../../versions/choose.ts";
import { chooseRelease, type Offers } from "../../versions/choose-release.ts";
import { wantedVersion } from "../../versions/wanted.ts";
import type { Crate } from "./manifest.ts";

/**
 * Rust and Cargo by version, the newest first: of Debian 12 the security team's, which is kept for the
 * browsers and whose version moves, that of the last point release, and the one that it came with.
 */
const OFFERS = {
  apt: [
    { version: "1.96", name: "rustc-web cargo-web" },
    { version: "1.85", name: "rustc-web=1.85* cargo-web=1.85* libstd-rust-web-dev=1.85*" },
    { version: "1.63", name: "rustc cargo" },
  ],
  apk: [
    { version: "1.87", release: "3.22" },
    { version: "1.83", release: "3.21" },
    { version: "1.78", release: "3.20" },
    { version: "1.72", release: "3.19" },
  ],
  nix: [
    { version: "1.86", release: "nixos-25.05" },
    { version: "1.82", release: "nixos-24.11" },
    { version: "1.77", release: "nixos-24.05" },
  ],
} as const satisfies Offers;

/** The oldest Rust that takes an edition. */
const EDITIONS: Readonly<Record<string, number>> = { "2018": 31, "2021": 56, "2024": 85 };

/**
 * What programs are compiled for where Cargo's configuration says it. For a C library that Debian's Rust has no
 * standard library for, `VERSION_UNAVAILABLE`
 */
export function targetOf(source: Source): string | undefined {
  const path = [".cargo/config.toml", ".cargo/config"].find((each) => source.has(each));
  const target = /^\s*(?:build\.)?target\s*=\s*"([^"]+)"/m.exec(source.text(path ?? "") ?? "")?.[1];
  if (target === undefined || !target.includes("musl")) return target;
  throw new BuildError(
    "VERSION_UNAVAILABLE",
    `Rust for ${target} is asked for (${path ?? ""}), and Debian has no standard library of it`,
    {
      advice: "Leave the target out: the image has the C library, and no shell, under the program.",
      fields: { tool: "rust", wanted: target, available: "x86_64-unknown-linux-gnu" },
    },
  );
}

export interface Toolchain {
  readonly from: Distribution;
  readonly needs: readonly Need[];
}

/** The Rust that a source asks for, and that takes its edition. `VERSION_UNAVAILABLE` */
export function toolchainOf(source: Source, crates: readonly Crate[], settings: Settings): Toolchain {
  const distribution = distributionOf(settings);
  const available = OFFERS[distribution.ecosystem].map(({ version }) => version);
  const wanted = wantedVersion(source, settings, "rust");
  if (wanted !== undefined && /^(nightly|beta)/.test(wanted.version)) {
    throw versionUnavailable("rust", wanted, available);
  }
  const { version, name = "", from } = chooseRelease(source, settings, "rust", OFFERS, distribution);
  for (const { directory, edition = "" } of crates) {
    const oldest = EDITIONS[edition] ?? 0;
    if (Number(version.split(".")[1]) >= oldest) continue;
    throw new BuildError(
      "VERSION_UNAVAILABLE",
      `Rust ${version} is asked for (${wanted?.from ?? "--packages-from"}), and ${directory}/Cargo.toml has the edition ${edition}, which Rust 1.${oldest} was the first to know`,
      {
        advice: `Set RUST_VERSION=${available[0] ?? ""}, or change ${wanted?.from ?? "Cargo.toml"}.`,
        fields: { tool: "rust", wanted: version, available: available.join(",") },
      },
    );
  }
  // Compilers come with Rust where it is a package of Debian or Alpine.
  const linker: readonly Need[] = from.ecosystem === "nix" ? ["C compiler", "object tools"] : [];
  const rust = { title: "Rust", apt: name, apk: "rust cargo", nix: "rustc cargo" };
  return { from, needs: [rust, ...linker] };
}
