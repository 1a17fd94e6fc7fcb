import { DistroError } from "../../errors.ts";
import { parseStanza, type Stanza } from "../control/stanza.ts";
import { yesOrNo } from "../sources/source.ts";

/** What a repository says of itself in its signed `Release`. */
export interface Release {
  readonly origin: string;
  readonly label: string;
  readonly suite: string;
  readonly codename: string;
  readonly version: string;
  /** Seconds since 1970. */
  readonly date: number | undefined;
  /** Seconds since 1970, after which it no longer counts. */
  readonly validUntil: number | undefined;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  /** Files can also be fetched by their digest, which an update of the mirror does not change. */
  readonly isByHash: boolean;
  /** `NotAutomatic`: nothing is taken from it unless it is asked for. */
  readonly notAutomatic: boolean;
  readonly butAutomaticUpgrades: boolean;
  /** Packages for all architectures stand in each architecture's index, not in one of their own. */
  readonly hasAllInEach: boolean;
  /** By their path below the suite. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

export interface ReleaseFile {
  readonly algorithm: "sha256" | "sha512";
  readonly hex: string;
  /** Bytes. */
  readonly size: number;
}

/** More than any archive lists. */
const MAX_FILES = 100_000;

/** `INDEX_INVALID`, also where no digest is listed that can be trusted. */
export function parseRelease(text: string): Release {
  const stanza = parseStanza(text);
  const field = (name: string): string => stanza.get(name) ?? "";
  const words = (name: string): readonly string[] =>
    field(name)
      .split(/\s+/)
      .filter((word) => word !== "");
  return {
    origin: field("origin"),
    label: field("label"),
    suite: field("suite"),
    codename: field("codename"),
    version: field("version"),
    date: dateOf(stanza, "date"),
    validUntil: dateOf(stanza, "valid-until"),
    architectures: words("architectures"),
    components: words("components"),
    isByHash: yesOrNo(field("acquire-by-hash")) === true,
    notAutomatic: yesOrNo(field("notautomatic")) === true,
    butAutomaticUpgrades: yesOrNo(field("butautomaticupgrades")) === true,
    hasAllInEach:
      field("no-support-for-architecture-all") === "Packages" || !words("architectures").includes("all"),
    files: filesOf(stanza),
  };
}

/** SHA-256 where there is one; MD5 and SHA-1 prove nothing. */
function filesOf(stanza: Stanza): ReadonlyMap<string, ReleaseFile> {
  const files = new Map<string, ReleaseFile>();
  for (const [algorithm, digits] of [
    ["sha512", 128],
    ["sha256", 64],
  ] as const) {
    for (const line of (stanza.get(algorithm) ?? "").split("\n")) {
      const [hex = "", size = "", path = ""] = line.trim().split(/\s+/);
      if (hex === "") continue;
      const isSound = hex.length === digits && /^[0-9a-f]+$/.test(hex) && /^\d{1,15}$/.test(size);
      if (!isSound || path === "" || /(^|\/)\.\.(\/|$)/.test(path)) {
        throw new DistroError(
          "INDEX_INVALID",
          `Release: ${JSON.stringify(line.slice(0, 200))} is no ${algorithm}, size and path`,
        );
      }
      files.set(path, { algorithm, hex, size: Number(size) });
      if (files.size > MAX_FILES) {
        throw new DistroError("INDEX_TOO_LARGE", `Release lists more than ${MAX_FILES} files`);
      }
    }
  }
  if (files.size === 0) {
    throw new DistroError("INDEX_INVALID", "Release lists no file by its SHA-256 or SHA-512", {
      advice: "MD5 and SHA-1 alone prove nothing. Ask the repository's keeper for a Release with SHA256.",
    });
  }
  return files;
}

function dateOf(stanza: Stanza, name: string): number | undefined {
  const text = stanza.get(name);
  if (text === undefined) return undefined;
  const time = /\b(UTC|GMT|Z|[+-]0000)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new DistroError("INDEX_INVALID", `Release: ${JSON.stringify(text)} is no ${name} in UTC`);
  }
  return time / 1000;
}
