import type { StorePath } from "../store/store-path.ts";

/** Tells which store paths an attribute of nixpkgs stands for. Nobody signs that; what the paths hold is signed. */
export interface PackageSource {
  /** For messages and locks, without its place: `catalogue nixos-24.05`. */
  readonly name: string;
  /** `sha256:…` of what it was read from; empty where that is no one file. */
  readonly digest: string;
  /** What it has of these attributes, by the attribute as it was given. */
  find(attributes: readonly string[]): Promise<ReadonlyMap<string, FoundPackage>>;
  /** Attributes that look like this one, for a message; may be empty. */
  similar(attribute: string): readonly string[];
}

/** An attribute that was found. */
export interface FoundPackage {
  /** As it is really written. */
  readonly attribute: string;
  readonly name: string;
  /** Empty where it is not known. */
  readonly version: string;
  /** By the output's name: `out`, `bin`, `dev`. */
  readonly outputs: ReadonlyMap<string, StorePath>;
  /** The outputs that are meant where none is named. */
  readonly install: readonly string[];
  /** An SPDX expression, or nixpkgs' own word. */
  readonly license: string;
  readonly description: string;
  readonly homepage: string;
  /** The name of its main program; empty where it is not known. */
  readonly program: string;
}

/** The outputs that count where the source does not say: programs where they are apart, else all there is. */
export function defaultOutputs(names: readonly string[]): readonly string[] {
  const known = ["bin", "out"].find((name) => names.includes(name)) ?? names[0];
  return known === undefined ? [] : [known];
}

/** How a name that cannot be an attribute is written in nixpkgs: `1password` is `_1password`. */
export function spellings(attribute: string): readonly string[] {
  const written = attribute.replaceAll(/(?<=^|\.)(?=\d)/gu, "_");
  return written === attribute ? [attribute] : [attribute, written];
}
