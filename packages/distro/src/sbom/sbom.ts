/** What software is in an image or is to be: the model that each format is written from. */
export interface Sbom {
  /** What it is about, for people: a reference. */
  readonly name: string;
  /** `sha256:…` of what it is about: an image's manifest, or all that was solved. */
  readonly subject: string;
  /** Seconds since 1970: the image's own time, never the clock's. */
  readonly created: number;
  /** By purl, each once. */
  readonly components: readonly Component[];
}

/** A package of any ecosystem. */
export interface Component {
  readonly kind: "deb" | "apk" | "nix" | LanguageKind;
  readonly name: string;
  readonly version: string;
  /** Package URL (ECMA-427): names it wherever it is. */
  readonly purl: string;
  /** In the ecosystem's own words; empty where it does not say. */
  readonly license: string;
  /** One line. */
  readonly description: string;
  readonly homepage: string;
  /** Of the package's file, where that is known. */
  readonly checksum: Checksum | undefined;
  readonly source: Source;
}

/** Packages of languages, as purls call their kinds. */
export type LanguageKind = "npm" | "pypi" | "gem" | "composer" | "cargo" | "golang";

export interface Checksum {
  readonly algorithm: "SHA-256" | "SHA-512";
  readonly hex: string;
}

/** What a package was built from. */
export interface Source {
  readonly name: string;
  readonly version: string;
}

/** One component for each purl, in an order of their own. */
export function distinctComponents(components: readonly Component[]): readonly Component[] {
  const byPurl = new Map<string, Component>();
  for (const component of components) {
    if (!byPurl.has(component.purl)) byPurl.set(component.purl, component);
  }
  return [...byPurl.values()].toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
}
