import { DistroError } from "../../errors.ts";
import { type Alternatives, type Dependency, parseDependencies } from "../control/dependency.ts";
import { parseStanzas, type Stanza } from "../control/stanza.ts";

/** A package as an index describes it. */
export interface AptPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The source package and its version; the package's own where nothing else is said. */
  readonly source: string;
  readonly sourceVersion: string;
  /** `required`, `important`, `standard`, `optional`, `extra`, or empty. */
  readonly priority: string;
  readonly section: string;
  readonly isEssential: boolean;
  /** `Protected` (or, as it was called before, `Important`): not removed lightly. */
  readonly isProtected: boolean;
  readonly multiArch: "no" | "same" | "foreign" | "allowed";
  readonly preDepends: readonly Alternatives[];
  readonly depends: readonly Alternatives[];
  readonly recommends: readonly Alternatives[];
  readonly suggests: readonly Alternatives[];
  readonly conflicts: readonly Dependency[];
  readonly breaks: readonly Dependency[];
  readonly replaces: readonly Dependency[];
  readonly provides: readonly Dependency[];
  /** Below the repository's root: `pool/main/c/curl/curl_7.88.1_amd64.deb`. */
  readonly path: string;
  /** Bytes of the package's file. */
  readonly size: number;
  /** Bytes it takes when installed. */
  readonly installedSize: number;
  /** Of its file: `sha256:…`, or `sha512:…` where there is no other. */
  readonly checksum: string;
  /** The first line. */
  readonly description: string;
  readonly homepage: string;
}

/** All packages of an index in memory: for small ones and tests; `IndexFile` is for large ones. `INDEX_INVALID` */
export function parsePackages(text: string): readonly AptPackage[] {
  return parseStanzas(text).map(packageOf);
}

/** One paragraph of a `Packages` file. `INDEX_INVALID`, which names the package */
export function packageOf(stanza: Stanza): AptPackage {
  const field = (name: string): string => stanza.get(name) ?? "";
  const name = required(stanza, "package", "?");
  const list = (key: string): readonly Alternatives[] => readList(field(key), name, key);
  const single = (key: string): readonly Dependency[] => list(key).flat();
  const version = required(stanza, "version", name);
  const source = /^(?<source>\S+)(?:\s+\((?<version>[^)]+)\))?$/u.exec(field("source"))?.groups;
  return {
    name,
    version,
    architecture: required(stanza, "architecture", name),
    source: source?.["source"] ?? name,
    sourceVersion: source?.["version"] ?? version,
    priority: field("priority"),
    section: field("section"),
    isEssential: field("essential") === "yes",
    isProtected: field("protected") === "yes" || field("important") === "yes",
    multiArch: multiArchOf(field("multi-arch")),
    preDepends: list("pre-depends"),
    depends: list("depends"),
    recommends: list("recommends"),
    suggests: list("suggests"),
    conflicts: single("conflicts"),
    breaks: single("breaks"),
    replaces: single("replaces"),
    provides: single("provides"),
    path: field("filename").replace(/^(\.\/)+/, ""),
    size: numberOf(field("size"), name, "Size"),
    installedSize: numberOf(field("installed-size"), name, "Installed-Size") * 1024,
    checksum: checksumOf(stanza),
    description: field("description").split("\n", 1)[0] ?? "",
    homepage: field("homepage"),
  };
}

function required(stanza: Stanza, key: string, name: string): string {
  const value = stanza.get(key) ?? "";
  if (!/^[A-Za-z0-9][A-Za-z0-9.+~:_-]*$/.test(value)) {
    throw new DistroError("INDEX_INVALID", `package ${name}: ${JSON.stringify(value)} is no ${key}`, {
      fields: { package: name },
    });
  }
  return value;
}

function readList(field: string, name: string, key: string): readonly Alternatives[] {
  if (field === "") return [];
  try {
    return parseDependencies(field);
  } catch (cause) {
    if (cause instanceof RangeError) throw cause; // whoever asked has gone too deep, and says so
    throw new DistroError("INDEX_INVALID", `package ${name}: its ${key} cannot be read`, {
      cause,
      fields: { package: name },
    });
  }
}

function multiArchOf(value: string): AptPackage["multiArch"] {
  return value === "same" || value === "foreign" || value === "allowed" ? value : "no";
}

function numberOf(value: string, name: string, key: string): number {
  if (value === "") return 0;
  if (!/^\d{1,15}$/.test(value)) {
    throw new DistroError("INDEX_INVALID", `package ${name}: ${JSON.stringify(value)} is no ${key}`, {
      fields: { package: name },
    });
  }
  return Number(value);
}

/** What is too weak to be trusted (MD5, SHA-1) is not looked at. */
function checksumOf(stanza: Stanza): string {
  for (const [algorithm, digits] of [
    ["sha256", 64],
    ["sha512", 128],
  ] as const) {
    const value = (stanza.get(algorithm) ?? "").toLowerCase();
    if (value.length === digits && /^[0-9a-f]+$/.test(value)) return `${algorithm}:${value}`;
  }
  return "";
}
