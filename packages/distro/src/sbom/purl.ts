import { PackageURL } from "packageurl-js";
import type { Component } from "./sbom.ts";

export interface PurlFacts {
  readonly kind: Component["kind"];
  /** With what stands before it: `@scope/name`, `vendor/name`, `example.test/module`. */
  readonly name: string;
  readonly version: string;
  /** The ecosystem's word; empty where it has none. */
  readonly architecture: string;
  /** Of deb and apk: `debian`, `alpine`, and `debian-12`, as os-release has them; empty where it is not known. */
  readonly distribution: string;
  readonly release: string;
}

/** The package URL of a package (ECMA-427; purl-spec, "PURL types"). */
export function purlOf({ kind, name, version, architecture, distribution, release }: PurlFacts): string {
  const slash = name.lastIndexOf("/");
  const scope = slash === -1 ? undefined : name.slice(0, slash);
  const namespace = kind === "deb" || kind === "apk" ? distribution || undefined : scope;
  const qualifiers: Record<string, string> = {};
  if (architecture !== "") qualifiers["arch"] = architecture;
  if (release !== "") qualifiers["distro"] = release;
  return new PackageURL(
    kind,
    namespace,
    name.slice(slash + 1),
    version === "" ? undefined : version,
    Object.keys(qualifiers).length === 0 ? undefined : qualifiers,
    undefined,
  ).toString();
}
