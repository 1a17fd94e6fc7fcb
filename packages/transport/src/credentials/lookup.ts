import { isFault } from "@cooper/sys";
import type { Environment } from "../registry/http/proxy.ts";
import { entryCredential } from "./auth-entry.ts";
import { authFileLocations, dockerConfiguration, readAuthFile } from "./auth-file.ts";
import type { AuthFile } from "./auth-file.ts";
import { ANONYMOUS } from "./credential.ts";
import type { Credential } from "./credential.ts";
import { CredentialHelper } from "./helper-program.ts";
import { lookupKeys, normaliseKey, storageKey } from "./host-key.ts";

export interface LookupOptions {
  /** Default `process.env`. */
  readonly environment?: Environment | undefined;
  /** Look into this file only. */
  readonly authFile?: string | undefined;
}

export interface FoundCredential {
  readonly credential: Credential;
  /** The file, or the helper's program, that it comes from. */
  readonly source?: string | undefined;
  /** A sentence about a helper that could not be asked: it matters only if the registry then says no. */
  readonly note?: string | undefined;
}

/**
 * The credentials for a repository of a registry: the first file that knows it, and in that file
 * `credHelpers` before `credsStore` before `auths`, the most exact key first. Anonymous where nothing
 * is found, and where a helper is missing or fails, so that what is public can be read all the same.
 *
 * `AUTH_FILE` where a file cannot be read.
 */
export async function credentialsFor(
  host: string,
  repository?: string,
  options: LookupOptions = {},
): Promise<FoundCredential> {
  const environment = options.environment ?? process.env;
  let note: string | undefined;
  for (const { path } of authFileLocations(environment, options.authFile)) {
    const file = readAuthFile(path);
    if (file === undefined) continue;
    try {
      // oxlint-disable-next-line no-await-in-loop -- the order of the files decides
      const found = await lookIn(file, host, repository, environment);
      if (found !== undefined) return { ...found, note };
    } catch (error) {
      if (!isFault(error, "CREDENTIAL_HELPER")) throw error;
      note = error.message;
      const stored = fromEntries(file, host, repository);
      if (stored !== undefined) return { ...stored, note };
    }
  }
  return { credential: ANONYMOUS, note };
}

/** `HttpHeaders` of Docker's configuration: sent with each request to a registry, and nowhere else. */
export function configuredHeaders(environment: Environment): Readonly<Record<string, string>> {
  const headers = readAuthFile(dockerConfiguration(environment).path)?.contents.HttpHeaders ?? {};
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  // What a request itself needs is not for a file to say, and a header must not smuggle in another.
  const reserved = new Set(["authorization", "host", "content-length", "transfer-encoding", "connection"]);
  return Object.fromEntries(
    own.filter(
      ([name, value]) =>
        !reserved.has(name) &&
        /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) &&
        !/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value),
    ),
  );
}

/** The helper that a file names for a host, its own before the general one. */
export function helperFor(
  file: AuthFile,
  host: string,
  repository: string | undefined,
  environment: Environment,
): CredentialHelper | undefined {
  const helpers = file.contents.credHelpers ?? {};
  const own = bestKey(Object.keys(helpers), host, repository);
  const name = (own === undefined ? undefined : helpers[own]) ?? file.contents.credsStore;
  return name ? new CredentialHelper(name, environment) : undefined;
}

async function lookIn(
  file: AuthFile,
  host: string,
  repository: string | undefined,
  environment: Environment,
): Promise<FoundCredential | undefined> {
  const helper = helperFor(file, host, repository, environment);
  if (helper !== undefined) {
    const credential = await helper.get(storageKey(host));
    if (credential.kind !== "anonymous") return { credential, source: helper.program };
  }
  return fromEntries(file, host, repository);
}

function fromEntries(
  file: AuthFile,
  host: string,
  repository: string | undefined,
): FoundCredential | undefined {
  const entries = file.contents.auths ?? {};
  const key = bestKey(Object.keys(entries), host, repository);
  const entry = key === undefined ? undefined : entries[key];
  if (!entry) return undefined;
  const credential = entryCredential(entry, file.path);
  return credential.kind === "anonymous" ? undefined : { credential, source: file.path };
}

function bestKey(keys: readonly string[], host: string, repository: string | undefined): string | undefined {
  for (const wanted of lookupKeys(host, repository)) {
    const exact = keys.find((key) => key === wanted) ?? keys.find((key) => normaliseKey(key) === wanted);
    if (exact !== undefined) return exact;
  }
  return undefined;
}
