import type { Platform } from "@cooper/oci";
import type { PackageRequest } from "../../ecosystem/ecosystem.ts";
import { DistroError } from "../../errors.ts";

/** A package that was asked for by its attribute: `xorg.xev`, perhaps with the version it is to have. */
export interface Wanted {
  readonly attribute: string;
  readonly version: string | undefined;
}

/** A request with the words that stand for something else in their place. */
export interface Demand {
  readonly wanted: readonly Wanted[];
  /** What is put into every image, where the catalogue has it. */
  readonly added: readonly Wanted[];
  /** Whether `shell` was asked for. */
  readonly hasShell: boolean;
  readonly platform: Platform;
  /** As Nix writes it: `x86_64-linux`. */
  readonly system: string;
}

// An attribute is a name, or several with dots between; what a Nix file would have to quote is not asked for.
const ATTRIBUTE = /^[A-Za-z0-9_][A-Za-z0-9_'+-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_'+-]*)*$/u;
const VERSION = /^[A-Za-z0-9._+~-]+$/u;
const CHANNEL = /^[A-Za-z0-9][A-Za-z0-9._-]*$/u;
const SHELL = ["bashInteractive", "coreutils", "moreutils", "nano"];
const ADDED = ["cacert", "iana-etc"];

/** `shell/git/xorg.xev=1.2.4:nixos-24.05`. `REQUEST_INVALID` */
export function parseRequest(rest: string): PackageRequest {
  const colon = rest.lastIndexOf(":");
  const packages = [...new Set((colon === -1 ? rest : rest.slice(0, colon)).split("/"))]; // once is enough
  const release = colon === -1 ? undefined : rest.slice(colon + 1);
  for (const text of packages) {
    const { attribute, version } = wantedOf(text);
    if (!ATTRIBUTE.test(attribute) || (version !== undefined && !VERSION.test(version))) {
      throw invalid(`nix:${rest}`, `${JSON.stringify(text)} is no attribute of nixpkgs`);
    }
  }
  if (release !== undefined && !CHANNEL.test(release)) {
    throw invalid(`nix:${rest}`, `${JSON.stringify(release)} is no channel`);
  }
  return release === undefined ? { packages } : { packages, release };
}

/**
 * What a request comes to: at its beginning, in any order, `shell` stands for a shell and what belongs
 * to it, and `arm64` or `amd64` for the architecture, whatever platform is asked for otherwise.
 * `REQUEST_INVALID`, `PLATFORM_UNSUPPORTED`
 */
export function demandOf(request: PackageRequest, platform: Platform): Demand {
  const packages = [...request.packages];
  let { architecture } = platform;
  let hasShell = false;
  for (let [first] = packages; first === "shell" || isArchitecture(first); [first] = packages) {
    packages.shift();
    if (first === "shell") hasShell = true;
    else architecture = first;
  }
  const wanted = [...(hasShell ? SHELL : []), ...packages].map(wantedOf);
  if (wanted.length === 0) throw invalid(`nix:${request.packages.join("/")}`, "it names no package");
  const target = architecture === platform.architecture ? platform : { os: platform.os, architecture };
  return { wanted, added: ADDED.map(wantedOf), hasShell, platform: target, system: systemOf(target) };
}

function isArchitecture(text: string | undefined): text is "arm64" | "amd64" {
  return text === "arm64" || text === "amd64";
}

function wantedOf(text: string): Wanted {
  const equals = text.indexOf("=");
  if (equals === -1) return { attribute: text, version: undefined };
  return { attribute: text.slice(0, equals), version: text.slice(equals + 1) };
}

const SYSTEMS: Readonly<Record<string, string>> = {
  "386": "i686-linux",
  amd64: "x86_64-linux",
  arm64: "aarch64-linux",
  "arm/v6": "armv6l-linux",
  "arm/v7": "armv7l-linux",
  loong64: "loongarch64-linux",
  ppc64le: "powerpc64le-linux",
  riscv64: "riscv64-linux",
  s390x: "s390x-linux",
};

function systemOf({ os, architecture, variant }: Platform): string {
  const name = architecture === "arm" ? `arm/${variant ?? "v7"}` : architecture;
  const system = os === "linux" && Object.hasOwn(SYSTEMS, name) ? SYSTEMS[name] : undefined;
  if (system !== undefined) return system;
  throw new DistroError("PLATFORM_UNSUPPORTED", `Nix has no packages for ${os}/${name}`, {
    kind: "usage",
    advice: `It has them for linux with ${Object.keys(SYSTEMS).join(", ")}.`,
  });
}

function invalid(reference: string, what: string): DistroError {
  return new DistroError("REQUEST_INVALID", `${reference}: ${what}`, {
    kind: "usage",
    advice: "Write nix:ATTRIBUTE[=VERSION][/ATTRIBUTE…][:CHANNEL].",
    fields: { reference },
  });
}
