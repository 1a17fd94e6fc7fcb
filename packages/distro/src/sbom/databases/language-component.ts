import { purlOf } from "../purl.ts";
import type { Component } from "../sbom.ts";

/** What languages' own databases say of a package, as far as they do. */
export interface LanguagePackage {
  readonly name: string;
  readonly version: string;
  readonly license?: string | undefined;
  readonly description?: string | undefined;
  readonly homepage?: string | undefined;
}

/** A package of a language: the same for every machine, and its own source. */
export function languageComponent(
  kind: Component["kind"],
  { name, version, license = "", description = "", homepage = "" }: LanguagePackage,
): Component {
  return {
    kind,
    name,
    version,
    purl: purlOf({ kind, name, version, architecture: "", distribution: "", release: "" }),
    license,
    description: description.split("\n", 1)[0] ?? "",
    homepage,
    checksum: undefined,
    source: { name, version },
  };
}
