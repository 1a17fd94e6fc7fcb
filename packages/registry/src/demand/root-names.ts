import { registryPathOf } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { RegistryError } from "../errors.ts";
import type { Route } from "../route.ts";
import type { Storage } from "../storage/storage.ts";
import type { RootNames } from "./options.ts";

type NamedRoute = Extract<Route, { readonly repository: string }>;

interface Names {
  readonly method: string;
  /** What containerd adds to a request to a mirror: the host that the image is of. */
  readonly namespace: string | undefined;
  readonly root: RootNames | undefined;
  readonly storage: Storage;
  /** Whether this registry mirrors others. */
  readonly mirrors: boolean;
}

/**
 * A route whose name has no maker in front: to a mirror, where the request says so by `ns=` or the
 * registry stands for an upstream; to Nix, where it stands for Nixery. What was pushed here under
 * that name comes first.
 */
export async function rootRoute(route: NamedRoute, names: Names): Promise<Route> {
  const { namespace, root, storage, mirrors } = names;
  if ((route.kind !== "manifest" && route.kind !== "blob") || !isPull(route, names)) return route;
  const isMirror = root !== undefined && "mirror" in root;
  const upstream = mirrors ? (namespace ?? (isMirror ? root.mirror : undefined)) : undefined;
  if (upstream === undefined && !(root !== undefined && "maker" in root)) return route;
  if ((await storage.tags(route.repository, { after: undefined, limit: 0 })) !== undefined) return route;
  const repository =
    upstream === undefined ? `nix/${route.repository}` : mirrorOf(upstream, route.repository);
  return { ...route, repository };
}

/**
 * Who pushes asks with HEAD which blobs are there, and leaves those out: an upstream's must not be
 * taken for the repository's own. Who pulls does not ask that, or says `ns=`.
 */
function isPull(route: NamedRoute, { method, namespace }: Names): boolean {
  if (route.kind === "manifest") return method === "GET" || method === "HEAD";
  return route.kind === "blob" && (method === "GET" || (method === "HEAD" && namespace !== undefined));
}

function mirrorOf(host: string, repository: string): string {
  try {
    return registryPathOf({
      scheme: "mirror",
      rest: `docker://${host}/${repository}:latest`,
    }).repository;
  } catch (error) {
    if (!isFault(error)) throw error;
    throw new RegistryError("NAME_INVALID", `there is no mirror of ${host}/${repository}`, { cause: error });
  }
}
