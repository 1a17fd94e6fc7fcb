import { digestBytes } from "@cooper/oci";
import type { EcosystemName } from "../ecosystem/ecosystem.ts";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { purlOf } from "./purl.ts";
import { type Checksum, type Component, distinctComponents, type Sbom } from "./sbom.ts";

const KIND: Readonly<Record<EcosystemName, Component["kind"]>> = {
  apt: "deb",
  apk: "apk",
  nix: "nix",
  npm: "npm",
};

/** What a solution, or a lock, comes to: nothing is fetched. `name` is for people: the reference. */
export function sbomOfSolution(solution: Solution, name: string): Sbom {
  const whole = withBase(solution);
  const components = distinctComponents(whole.flatMap(componentsOf));
  const dates = whole.flatMap(({ repositories }) => repositories.map(({ date }) => date ?? 0));
  const facts = components.map(({ purl, checksum }) => [purl, checksum?.hex ?? ""]);
  return {
    name,
    subject: digestBytes(Buffer.from(JSON.stringify([solution.platform, facts]))),
    created: Math.max(0, ...dates),
    components,
  };
}

function withBase(solution: Solution): readonly Solution[] {
  return solution.base === undefined ? [solution] : [...withBase(solution.base), solution];
}

function componentsOf({ ecosystem, packages, repositories }: Solution): readonly Component[] {
  const kind = KIND[ecosystem];
  return packages.map((solved) => {
    const { name, version, architecture, origin, originVersion, license, homepage } = solved;
    const distribution = distributionOf(repositories[solved.repository]?.path ?? "");
    return {
      kind,
      name,
      version,
      purl: purlOf({
        kind,
        name,
        version,
        architecture: hasArchitecture(kind) ? architecture : "",
        distribution,
        release: "",
      }),
      license,
      description: solved.description.split("\n", 1)[0] ?? "",
      homepage,
      checksum: checksumOf(solved),
      source: { name: origin, version: originVersion },
    };
  });
}

/** Of npm and Nix no database in an image tells it, and a package is to have one purl. */
function hasArchitecture(kind: Component["kind"]): boolean {
  return kind === "deb" || kind === "apk";
}

/** The first word of a repository's path, `debian/dists/…`, is the distribution's name where it has one. */
function distributionOf(path: string): string {
  return /^[a-z][a-z0-9]*(?=\/)/u.exec(path)?.[0] ?? "";
}

/** apk's `Q1…` is of a part of the file only, and so is none of the file. */
function checksumOf({ checksum }: SolvedPackage): Checksum | undefined {
  const [, bits, hex] = /^sha(256|512):([0-9a-f]+)$/u.exec(checksum) ?? [];
  if (hex === undefined) return undefined;
  return { algorithm: bits === "256" ? "SHA-256" : "SHA-512", hex };
}
