/** Docker Hub as references name it, where its API is, and what Docker files its credentials under. */
export const DOCKER_HUB = "docker.io";
export const DOCKER_HUB_API = "registry-1.docker.io";
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/** The key under which credentials for a host are stored, and that helpers are asked for. */
export function storageKey(host: string): string {
  return host === DOCKER_HUB ? DOCKER_HUB_KEY : host;
}

/**
 * The keys that fit a repository, the most exact first: `host/a/b`, `host/a`, `host`
 * (containers-auth.json(5)). A host fits only itself, with its port.
 */
export function lookupKeys(host: string, repository: string | undefined): readonly string[] {
  const path = (repository ?? "").split("/").filter((part) => part !== "");
  const keys = path.map((_, index) => [host, ...path.slice(0, path.length - index)].join("/"));
  return [...keys, host];
}

/**
 * A key as it stands in a file, without what Docker of old put around it: a scheme, `/v1/` or `/v2/`
 * at the end. All of Hub's names become one.
 */
export function normaliseKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, "").replace(/\/+$/, "");
  const host = bare.replace(/\/v[12]$/, "");
  const [first = "", ...path] = host.split("/");
  const hub = first === "index.docker.io" || first === DOCKER_HUB_API || first === DOCKER_HUB;
  return [hub ? DOCKER_HUB : first, ...path].join("/");
}
