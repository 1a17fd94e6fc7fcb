import { type Dependency, readDependencies } from "../dependency.ts";
import { invalid, type PackageLabel } from "./fault.ts";

/** What a package says of itself: its `.PKGINFO`. */
export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly origin: string;
  readonly description: string;
  readonly url: string;
  readonly license: string;
  readonly maintainer: string;
  readonly commit: string;
  /** Bytes that it takes when installed, as it says. */
  readonly size: number;
  /** Seconds since 1970; 0 where it does not say. */
  readonly buildDate: number;
  /** As they are written. */
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  readonly installIf: readonly string[];
  readonly replaces: readonly string[];
  /** The same, read: of whose files it may take over those that both have. */
  readonly replaced: readonly Dependency[];
  /** Where two replace each other, the higher one's files stay. */
  readonly replacesPriority: number;
  readonly providerPriority: number;
  /** Directories, as patterns, a change in which would have its trigger script run. */
  readonly triggers: readonly string[];
  /** SHA-256 of the data part as it stands in the file, hexadecimal; empty where there is none. */
  readonly dataHash: string;
}

/** Reads a `.PKGINFO`: lines of `key = value`; some keys come more than once. `PACKAGE_INVALID` */
export function parsePackageInfo(text: string, label: PackageLabel): PackageInfo {
  const values = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    const at = line.indexOf(" = ");
    if (at < 0) continue;
    const key = line.slice(0, at);
    values.set(key, [...(values.get(key) ?? []), line.slice(at + 3).trim()]);
  }
  const value = (key: string): string => values.get(key)?.at(-1) ?? "";
  const list = (key: string): readonly string[] =>
    (values.get(key) ?? []).flatMap((line) => line.split(/\s+/u)).filter((word) => word !== "");
  const number = (key: string): number => {
    const digits = value(key);
    if (digits === "") return 0;
    if (!/^\d{1,15}$/u.test(digits)) throw invalid(label, `its ${key} is ${JSON.stringify(digits)}`);
    return Number(digits);
  };
  const replaces = list("replaces");
  return {
    name: value("pkgname"),
    version: value("pkgver"),
    arch: value("arch"),
    origin: value("origin"),
    description: value("pkgdesc"),
    url: value("url"),
    license: value("license"),
    maintainer: value("maintainer"),
    commit: value("commit"),
    size: number("size"),
    buildDate: number("builddate"),
    depends: list("depend"),
    provides: list("provides"),
    installIf: list("install_if"),
    replaces,
    replaced: readDependencies(replaces.join(" ")).dependencies,
    replacesPriority: number("replaces_priority"),
    providerPriority: number("provider_priority"),
    triggers: list("triggers"),
    dataHash: value("datahash"),
  };
}
