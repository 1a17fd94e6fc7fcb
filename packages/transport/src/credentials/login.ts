import type { Cancellable } from "@cooper/archive";
import { RegistryClient } from "../registry/client.ts";
import type { RegistryOptions } from "../registry/options.ts";
import { encodeAuth } from "./auth-entry.ts";
import { authFileLocations, dockerConfiguration, readAuthFile, writeAuthFile } from "./auth-file.ts";
import type { AuthFile } from "./auth-file.ts";
import { basicCredential, identityCredential } from "./credential.ts";
import { normaliseKey, storageKey } from "./host-key.ts";
import { helperFor } from "./lookup.ts";

export interface LoginRequest {
  /** `docker.io`, `localhost:5000`; a namespace may follow (`quay.io/team`) where a helper is not used. */
  readonly host: string;
  /** `<token>`: then the password is an identity token. */
  readonly username: string;
  readonly password: string;
}

/** Where credentials went. */
export interface Stored {
  /** `file`: readable by its owner, and by whoever copies the disk. `helper`: kept by a program. */
  readonly kind: "file" | "helper";
  /** The file's path, or the program's name. */
  readonly place: string;
}

const IDENTITY_USER = "<token>";

/**
 * Checks credentials with the registry and, if it takes them, stores them where Docker and podman
 * find them too: with the credential helper that the file names, or else in the file itself. The file
 * is `authFile`, or `$REGISTRY_AUTH_FILE`, or Docker's own; it is replaced whole, with mode 0600.
 *
 * `UNAUTHORIZED`, `AUTH_FILE`, `CREDENTIAL_HELPER` and what a registry's requests throw.
 */
export async function login(
  { host, username, password }: LoginRequest,
  options: RegistryOptions & Cancellable = {},
): Promise<Stored> {
  await checkLogin({ host, username, password }, options);
  const environment = options.environment ?? process.env;
  const path = fileToWrite(options);
  const file = readAuthFile(path) ?? { path, contents: {} };
  const helper = helperFor(file, host, undefined, environment);
  const entry =
    helper !== undefined
      ? {} // Docker looks here to see that there is a login at all
      : username === IDENTITY_USER
        ? { identitytoken: password }
        : { auth: encodeAuth(username, password) };
  await helper?.store(storageKey(host), username, password);
  const others = Object.entries(file.contents.auths ?? {}).filter(
    ([key]) => normaliseKey(key) !== normaliseKey(host),
  );
  await writeAuthFile({
    path,
    contents: { ...file.contents, auths: { ...Object.fromEntries(others), [storageKey(host)]: entry } },
  });
  return helper === undefined ? { kind: "file", place: path } : { kind: "helper", place: helper.program };
}

/** Asks the registry whether it takes these credentials; stores nothing. */
export async function checkLogin(
  { host, username, password }: LoginRequest,
  options: RegistryOptions & Cancellable = {},
): Promise<void> {
  const credential =
    username === IDENTITY_USER ? identityCredential(password) : basicCredential(username, password);
  const { signal } = options;
  const client = new RegistryClient({ ...options, credential });
  try {
    const session = client.session(host.split("/", 1)[0] ?? host);
    const reply = await session.send({
      method: "GET",
      target: "/v2/",
      scopes: [],
      what: "log in",
      accept: [200],
      attempts: session.attempts(signal),
      signal,
    });
    await reply.drop();
  } finally {
    await client.close();
  }
}

/**
 * Removes what is stored for a host, from every file and helper that is looked into, so that nothing
 * is found afterwards. Gives the places where there was something. `AUTH_FILE`, `CREDENTIAL_HELPER`
 */
export async function logout(
  host: string,
  options: Pick<RegistryOptions, "authFile" | "environment"> = {},
): Promise<readonly Stored[]> {
  const environment = options.environment ?? process.env;
  const removed: Stored[] = [];
  const erased = new Set<string>();
  for (const { path } of authFileLocations(environment, options.authFile)) {
    const file = readAuthFile(path);
    if (file === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop -- one file after the other
    if (await removeEntries(file, host)) removed.push({ kind: "file", place: path });
    const helper = helperFor(file, host, undefined, environment);
    if (helper === undefined || erased.has(helper.program)) continue;
    erased.add(helper.program);
    // oxlint-disable-next-line no-await-in-loop
    const outcome = await helper.erase(storageKey(host));
    if (outcome === "erased") removed.push({ kind: "helper", place: helper.program });
  }
  return removed;
}

async function removeEntries({ path, contents }: AuthFile, host: string): Promise<boolean> {
  const entries = Object.entries(contents.auths ?? {});
  const kept = entries.filter(([key]) => normaliseKey(key) !== normaliseKey(host));
  if (kept.length === entries.length) return false;
  await writeAuthFile({ path, contents: { ...contents, auths: Object.fromEntries(kept) } });
  return true;
}

function fileToWrite({ authFile, environment = process.env }: RegistryOptions): string {
  if (authFile !== undefined) return authFile;
  const named = environment["DOCKER_CONFIG"] ? undefined : environment["REGISTRY_AUTH_FILE"];
  return named || dockerConfiguration(environment).path;
}
