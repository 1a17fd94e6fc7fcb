/** Where every store path of a binary cache lies: what is compiled in cannot be moved. */
export const STORE_DIRECTORY = "/nix/store";

/** `/nix/store/HASH-NAME`, taken apart. */
export interface StorePath {
  /** 32 letters of base 32: what names it in a cache. */
  readonly hash: string;
  /** `curl-8.7.1-bin` */
  readonly name: string;
  /** `HASH-NAME`: as it is written in References. */
  readonly base: string;
}

/** What the hash is made of: letters of base 32. */
const STORE_HASH: RegExp = /^[0-9a-df-np-sv-z]{32}$/u;
// Nix manual, "Store Path": at most 211 characters; a name that is . or .. or begins so would leave the store.
const NAME = /^(?!\.{1,2}(?:-|$))[0-9A-Za-z+\-._?=]{1,211}$/u;

/** What stands in References and Deriver; undefined where it is no store path's. */
export function parseStoreBase(base: string): StorePath | undefined {
  const hash = base.slice(0, 32);
  const name = base.slice(33);
  if (base[32] !== "-" || !STORE_HASH.test(hash) || !NAME.test(name)) return undefined;
  return { hash, name, base };
}

/** A whole store path, of the store directory itself and not below it; undefined where it is none. */
export function parseStorePath(path: string): StorePath | undefined {
  const prefix = `${STORE_DIRECTORY}/`;
  return path.startsWith(prefix) ? parseStoreBase(path.slice(prefix.length)) : undefined;
}

/** The whole path of what stands in References. */
export function storePathOf(base: string): string {
  return `${STORE_DIRECTORY}/${base}`;
}

export interface NameAndVersion {
  readonly name: string;
  /** Empty where there is none. */
  readonly version: string;
}

/** `curl-8.7.1`: the version begins after the first dash that no letter follows (builtins.parseDrvName). */
export function splitName(text: string): NameAndVersion {
  const dash = /-(?=[^A-Za-z])/u.exec(text);
  if (dash === null) return { name: text, version: "" };
  return { name: text.slice(0, dash.index), version: text.slice(dash.index + 1) };
}

/** What a store path says of its package, and of the derivation that made it where that is known. */
export interface PackageNames extends NameAndVersion {
  readonly origin: string;
  readonly originVersion: string;
}

/**
 * The names of the package in a store path: `curl-8.7.1-bin`, made by the derivation `curl-8.7.1`, is
 * `curl-bin` 8.7.1 of the source `curl`. Where it is not known what made it, nothing tells where the
 * version ends.
 */
export function packageNames(path: StorePath, derivation: string | undefined): PackageNames {
  if (derivation === undefined || (path.name !== derivation && !path.name.startsWith(`${derivation}-`))) {
    const own = splitName(path.name);
    return { ...own, origin: own.name, originVersion: own.version };
  }
  const { name, version } = splitName(derivation);
  const output = path.name.slice(derivation.length);
  return { name: `${name}${output}`, version, origin: name, originVersion: version };
}
