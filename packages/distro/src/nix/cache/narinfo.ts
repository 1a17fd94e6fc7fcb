import type { Digest } from "@cooper/oci";
import { DistroError } from "../../errors.ts";
import { parseNixHash } from "../store/hash.ts";
import { parseStoreBase, parseStorePath, type StorePath } from "../store/store-path.ts";

/** What a binary cache says of one store path. */
export interface Narinfo {
  readonly path: StorePath;
  /** Of the archive as it lies there: below the cache, `nar/HASH.nar.xz`. Nobody signs it. */
  readonly url: string;
  /** Nobody signs it. */
  readonly compression: string;
  /** Of the archive as it lies there; undefined where the cache does not say. Nobody signs it. */
  readonly fileHash: Digest | undefined;
  /** Bytes of the archive as it lies there. Nobody signs it. */
  readonly fileSize: number | undefined;
  /** Of the archive itself: what the signature vouches for. */
  readonly narHash: Digest;
  /** Bytes of the archive itself. */
  readonly narSize: number;
  /** What it needs at run time, perhaps itself. */
  readonly references: readonly StorePath[];
  /** The derivation that made it. Nobody signs it. */
  readonly deriver: StorePath | undefined;
  /** `KEY:BASE64` each. */
  readonly signatures: readonly string[];
}

/** References of one path; the largest in nixpkgs have some hundreds. */
const MAX_REFERENCES = 100_000;
/** Bytes of one archive. */
const MAX_NAR_BYTES = 2 ** 36;

/**
 * A narinfo: lines of a key, a colon and a value. Keys that are not known say nothing; one that is
 * known and stands there twice, but for Sig, is a fault. `INDEX_INVALID`, which names the line.
 */
export function parseNarinfo(text: string, subject: string): Narinfo {
  const fields = new Map<string, string>();
  const signatures: string[] = [];
  const invalid = (what: string): DistroError =>
    new DistroError("INDEX_INVALID", `the narinfo of ${subject}: ${what}`, { fields: { subject } });
  for (const [at, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const [, key = "", value = ""] = /^([A-Za-z]+): ?(.*)$/u.exec(line) ?? [];
    if (key === "") throw invalid(`line ${at + 1}, ${JSON.stringify(line.slice(0, 80))}, is no field`);
    if (key === "Sig") signatures.push(value);
    else if (fields.has(key)) throw invalid(`${key} stands there twice`);
    else fields.set(key, value);
  }
  const read = <T>(key: string, parse: (value: string) => T | undefined): T => {
    const value = fields.get(key);
    if (value === undefined || value === "") throw invalid(`there is no ${key}`);
    const parsed = parse(value);
    if (parsed === undefined) throw invalid(`${key}: ${value.slice(0, 100)} cannot be read`);
    return parsed;
  };
  const readIfThere = <T>(key: string, parse: (value: string) => T | undefined): T | undefined =>
    (fields.get(key) ?? "") === "" ? undefined : read(key, parse);
  return {
    path: read("StorePath", parseStorePath),
    url: read("URL", parseUrl),
    compression: readIfThere("Compression", String) ?? "bzip2",
    fileHash: readIfThere("FileHash", parseNixHash),
    fileSize: readIfThere("FileSize", parseSize),
    narHash: read("NarHash", parseNixHash),
    narSize: read("NarSize", parseSize),
    references: readIfThere("References", parseReferences) ?? [],
    deriver: fields.get("Deriver") === "unknown-deriver" ? undefined : readIfThere("Deriver", parseStoreBase),
    signatures,
  };
}

function parseSize(text: string): number | undefined {
  const size = /^\d{1,15}$/u.test(text) ? Number(text) : 0;
  return size > 0 && size <= MAX_NAR_BYTES ? size : undefined;
}

/** Below the cache and nowhere else: a narinfo must not send its reader to another host, or out of a directory. */
function parseUrl(text: string): string | undefined {
  const isBelow = /^[\w.+=?&-][\w./+=?&%~-]*$/u.test(text);
  return isBelow && !/(?:^|\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/iu.test(text) ? text : undefined;
}

function parseReferences(text: string): readonly StorePath[] | undefined {
  const bases = text.split(" ").filter((base) => base !== "");
  const paths = bases.map(parseStoreBase).filter((path) => path !== undefined);
  return paths.length === bases.length && paths.length <= MAX_REFERENCES ? paths : undefined;
}
