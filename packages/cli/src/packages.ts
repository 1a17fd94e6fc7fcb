import { readFileSync } from "node:fs";
import type { PackageMaking } from "@cooper/build";
import { fileFault } from "@cooper/archive";
import {
  ECOSYSTEM_NAMES,
  type EcosystemName,
  type LayerStrategy,
  type Lock,
  MAX_LAYER_BUDGET,
  parseLock,
} from "@cooper/distro";
import { parsePlatform, type Platform } from "@cooper/oci";
import { showPackages } from "./display/packages.ts";
import type { Terminal } from "./display/terminal.ts";
import { CliError } from "./errors.ts";
import { count, flag, text, texts } from "./flags.ts";

/** Where packages come from, and whether their signatures count: for whatever reads indexes. */
export type RepositoryFlags = {
  readonly repository?: readonly string[] | undefined;
  readonly keyring?: readonly string[] | undefined;
  readonly allowUntrusted?: boolean | undefined;
  readonly offline?: boolean | undefined;
};

export const repositoryFlags = {
  repository: texts(
    "Packages from here, not from the host's repositories: an address, a path or an index",
    "WHERE",
  ),
  keyring: texts("Trust the keys in this file or directory, not the host's; may be given again", "FILE"),
  allowUntrusted: flag("Take indexes that nobody signed, or nobody who is trusted"),
  offline: flag("Fetch nothing: only what the cache has"),
} as const;

/** How images of packages are made: for whatever takes a reference that may be made. */
export type PackageFlags = RepositoryFlags & {
  readonly locked?: string | undefined;
  readonly layers?: LayerStrategy | undefined;
  readonly layerBudget?: number | undefined;
};

export const packageFlags = {
  ...repositoryFlags,
  locked: text("Of packages, exactly those in this lock file (cooper lock writes it)", "FILE"),
  layers: {
    kind: "enum",
    values: ["per-package", "per-origin", "single"],
    optional: true,
    brief: "What packages share a layer; default per-origin: those of one source package",
  },
  layerBudget: count(`Layers of packages at the most; default 40, never over ${MAX_LAYER_BUDGET}`, "N"),
} as const;

/** What the flags say, for the resolver. `LOCK_INVALID` */
export function packageMaking(terminal: Terminal, flags: PackageFlags): PackageMaking {
  return {
    ...repositoryOptions(terminal, flags),
    layers: { strategy: flags.layers, budget: flags.layerBudget },
    locks: flags.locked === undefined ? undefined : [readLock(flags.locked)],
  };
}

/** Of `packageMaking`, what solving needs. */
export function repositoryOptions(
  terminal: Terminal,
  flags: RepositoryFlags,
): Omit<PackageMaking, "layers" | "locks"> {
  return {
    repositories: flags.repository,
    keyrings: flags.keyring,
    signatures: flags.allowUntrusted === true ? "unchecked" : "required",
    network: flags.offline === true ? "offline" : "online",
    onEvent: showPackages(terminal),
  };
}

/** `FILE_MISSING`, `LOCK_INVALID` */
export function readLock(path: string): Lock {
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch (error) {
    throw fileFault("read", path, error);
  }
  return parseLock(json, path);
}

/** A reference of packages taken apart: `apt:curl/jq`. `ARGUMENT_INVALID` for any other. */
export function parsePackageReference(reference: string): {
  readonly ecosystem: EcosystemName;
  readonly rest: string;
} {
  const colon = reference.indexOf(":");
  const scheme = colon < 0 ? reference : reference.slice(0, colon);
  const ecosystem = ECOSYSTEM_NAMES.find((name) => name === scheme);
  if (ecosystem !== undefined) return { ecosystem, rest: colon < 0 ? "" : reference.slice(colon + 1) };
  throw new CliError(
    "ARGUMENT_INVALID",
    `${reference} names no packages`,
    `Write ${ECOSYSTEM_NAMES.map((name) => `${name}:…`).join(", ")}.`,
  );
}

/** Architectures as distributions call them. Debian's armhf is Alpine's armv7. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  x86: "386",
  i386: "386",
  armv7: "arm/v7",
  armhf: "arm/v6",
  armel: "arm/v5",
  ppc64el: "ppc64le",
  loongarch64: "loong64",
};

/** A platform by a distribution's word for its processor. */
export function platformOfArchitecture(word: string, ecosystem: EcosystemName): Platform {
  const isDebianArm = ecosystem === "apt" && word === "armhf";
  return parsePlatform(`linux/${isDebianArm ? "arm/v7" : (ARCHITECTURES[word] ?? word)}`);
}
