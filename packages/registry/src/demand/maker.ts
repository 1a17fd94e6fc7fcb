import type { MakerReference, RegistryPath } from "@cooper/oci";

/** One row of the table of what a registry makes: a file each in makers/. */
export interface Maker {
  /** The first component of the names that it makes. */
  readonly name: MakerReference["scheme"];
  /** What one gets, for people: "An image of Debian packages". */
  readonly title: string;
  /** Names to try. */
  readonly examples: readonly RegistryPath[];
  /**
   * "make": once, by the resolver's scheme of the same name, for all that ask. "pull-through": taken
   * from where it is, and kept.
   */
  readonly how: "make" | "pull-through";
  /** What a name means, where the maker has a grammar of its own. Default: `referenceOfPath`. */
  readonly read?: ((path: RegistryPath) => MakerReference) | undefined;
}
