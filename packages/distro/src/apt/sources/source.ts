/** One suite of one archive, as a host or an option configures it. sources.list(5) */
export interface SourceEntry {
  /** The archive's root, an address or a path: `dists` and `pool` are below it. */
  readonly uri: string;
  /** `bookworm`, `bookworm-security`; with a slash at its end the directory of a flat repository. */
  readonly suite: string;
  /** `main`, …; none for a flat repository. */
  readonly components: readonly string[];
  /** Only these; undefined where the entry names none. */
  readonly architectures: readonly string[] | undefined;
  /** Only these keys count; undefined where the host's trusted ones do. */
  readonly signedBy: SignedBy | undefined;
  /** `Trusted: yes`: signatures do not matter; `no`: they do, whatever else is said. */
  readonly trusted: boolean | undefined;
  readonly byHash: boolean | undefined;
  readonly checkValidUntil: boolean | undefined;
  readonly checkDate: boolean | undefined;
  /** Which file says so, for messages. */
  readonly from: string;
}

export interface SignedBy {
  /** Files with keys. */
  readonly files: readonly string[];
  /** Keys of the host's trusted ones, by their fingerprint. */
  readonly fingerprints: readonly string[];
  /** Armored keys that stand in the entry itself. */
  readonly keys: readonly string[];
}

/** `yes` and its like, `no` and its like; undefined for anything else. */
export function yesOrNo(value: string | undefined): boolean | undefined {
  const word = value?.trim().toLowerCase() ?? "";
  if (["yes", "true", "with", "on", "enable", "1", "force"].includes(word)) return true;
  return ["no", "false", "without", "off", "disable", "0"].includes(word) ? false : undefined;
}

/** Of one line or field: files, fingerprints (40 hexadecimal digits or more), or an armored key. */
export function parseSignedBy(value: string): SignedBy | undefined {
  if (value.includes("-----BEGIN PGP PUBLIC KEY BLOCK-----")) {
    // In a field an empty line is written as a dot.
    const key = value
      .split("\n")
      .map((line) => (line.trim() === "." ? "" : line.trim()))
      .join("\n")
      .trim();
    return { files: [], fingerprints: [], keys: [key] };
  }
  const words = value.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  return {
    files: words.filter((word) => word.startsWith("/")),
    fingerprints: words
      .filter((word) => !word.startsWith("/"))
      .map((word) => word.replace(/!$/, "").toLowerCase()),
    keys: [],
  };
}

export function isFlat({ suite }: SourceEntry): boolean {
  return suite.endsWith("/");
}
