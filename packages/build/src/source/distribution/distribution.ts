import { BuildError } from "../../errors.ts";
import type { Settings } from "../providers/provider.ts";

/** Whose packages toolchains and system libraries can be: Debian's, Alpine's, those of nixpkgs. */
export const ECOSYSTEMS = ["apt", "apk", "nix"] as const;
export type Ecosystem = (typeof ECOSYSTEMS)[number];

/** What a plan's packages come from. */
export interface Distribution {
  readonly ecosystem: Ecosystem;
  /** Debian's word, Alpine's number or a channel of nixpkgs; undefined: what the machine that builds says. */
  readonly release?: string | undefined;
}

/** `apk`, `apk:3.22`, `nix:nixos-25.05`: as `packages.from` in cooper.toml has it. */
export const DISTRIBUTION = /^(apt|apk|nix)(?::v?([A-Za-z0-9][\w.-]*))?$/;

/** What the settings say, and Debian where they say nothing. `OPTION_INVALID` */
export function distributionOf({ packages }: Pick<Settings, "packages">): Distribution {
  const said = packages?.from ?? "apt";
  const [, name, release] = DISTRIBUTION.exec(said) ?? [];
  const ecosystem = ECOSYSTEMS.find((each) => each === name);
  if (ecosystem === undefined) throw invalid(said, "there is no such maker of packages");
  if (ecosystem === "apt" && release !== undefined) {
    throw invalid(said, "Debian's release follows from the versions that a project asks for");
  }
  if (release === "wolfi") throw invalid(said, "Wolfi's packages have other names than Alpine's");
  return { ecosystem, release };
}

function invalid(said: string, why: string): BuildError {
  return new BuildError("OPTION_INVALID", `packages do not come from ${said}: ${why}`, {
    kind: "usage",
    advice: "Write apt, apk or nix, the last two perhaps with a release: apk:3.22, nix:nixos-25.05.",
    fields: { packages: said },
  });
}

/** As their makers are called. */
export const MAKERS: Readonly<Record<Ecosystem, string>> = { apt: "Debian", apk: "Alpine", nix: "nixpkgs" };

/** Something is asked of a distribution that it, or Cooper with it, cannot do. */
export function packagesUnavailable(
  { ecosystem }: Distribution,
  what: string,
  provider?: string,
): BuildError {
  return new BuildError(
    "PACKAGES_UNAVAILABLE",
    `${what} cannot be had of the packages of ${MAKERS[ecosystem]}`,
    {
      advice: `Leave ${ecosystem} out (--packages-from, packages.from in cooper.toml): Debian's packages do it.`,
      fields: { packages: ecosystem, ...(provider === undefined ? {} : { provider }) },
    },
  );
}
