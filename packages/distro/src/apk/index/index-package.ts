import { DistroError } from "../../errors.ts";
import { type Dependency, readDependencies } from "../dependency.ts";

/** A package as an index describes it. */
export interface IndexPackage {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** `Q1` and the base64 of the SHA-1 of the package's control part: what names this very build. */
  readonly checksum: string;
  /** Bytes of the package's file. */
  readonly size: number;
  /** Bytes it takes when installed. */
  readonly installedSize: number;
  readonly description: string;
  readonly url: string;
  readonly license: string;
  /** The source package it was built from; its own name where the index names none. */
  readonly origin: string;
  readonly maintainer: string;
  /** Seconds since 1970; undefined where the index does not say. */
  readonly buildTime: number | undefined;
  /** Of the recipe it was built from. */
  readonly commit: string;
  readonly depends: readonly Dependency[];
  readonly provides: readonly Dependency[];
  /** It comes by itself once all of these are there. */
  readonly installIf: readonly Dependency[];
  /** Whose files it may overwrite. Indexes do not carry it; installed databases do. */
  readonly replaces: readonly Dependency[];
  /** What of its needs cannot be read; a package that has it is never chosen. Mostly undefined. */
  readonly unreadable: string | undefined;
  /** Among providers of one name, the highest is taken; 0 where nothing is said. */
  readonly providerPriority: number;
}

/**
 * The records of an APKINDEX: lines of a letter, a colon and a value; an empty line ends a record.
 * Letters that are not known say nothing. `INDEX_INVALID`, which names the line.
 */
export function parsePackages(text: string): readonly IndexPackage[] {
  const packages: IndexPackage[] = [];
  let fields = new Map<string, string>();
  let number = 0;
  let start = 1;
  for (const line of text.split("\n")) {
    number++;
    if (line === "") {
      if (fields.size > 0) packages.push(packageOf(fields, start));
      fields = new Map();
      start = number + 1;
      continue;
    }
    if (line[1] !== ":") throw invalid(number, `${JSON.stringify(line.slice(0, 80))} is no field`);
    fields.set(line.charAt(0), line.slice(2));
  }
  if (fields.size > 0) packages.push(packageOf(fields, start));
  return packages;
}

function packageOf(fields: ReadonlyMap<string, string>, line: number): IndexPackage {
  const text = (letter: string): string => fields.get(letter) ?? "";
  const required = (letter: string, what: string): string => {
    const value = fields.get(letter);
    if (value === undefined || value === "") throw invalid(line, `the record has no ${what} (${letter}:)`);
    return value;
  };
  const number = (letter: string): number => {
    const value = fields.get(letter) ?? "0";
    if (!/^\d{1,15}$/u.test(value)) throw invalid(line, `${letter}:${value.slice(0, 40)} is no number`);
    return Number(value);
  };
  let unreadable: string | undefined;
  const list = (letter: string): readonly Dependency[] => {
    const read = readDependencies(text(letter));
    unreadable ??= read.unreadable;
    return read.dependencies;
  };
  const name = required("P", "name");
  return {
    name,
    version: required("V", "version"),
    arch: text("A"),
    checksum: required("C", "checksum"),
    size: number("S"),
    installedSize: number("I"),
    description: text("T"),
    url: text("U"),
    license: text("L"),
    origin: fields.get("o") ?? name,
    maintainer: text("m"),
    buildTime: fields.has("t") ? number("t") : undefined,
    commit: text("c"),
    depends: list("D"),
    provides: list("p"),
    installIf: list("i"),
    replaces: list("r"),
    unreadable,
    providerPriority: number("k"),
  };
}

function invalid(line: number, what: string): DistroError {
  return new DistroError("INDEX_INVALID", `APKINDEX, line ${line}: ${what}`, { fields: { line } });
}
