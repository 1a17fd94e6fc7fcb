/** What a token is for: `repository:NAME:ACTION[,ACTION]` (distribution, token authentication, "scope"). */
export type Scope = string;

export function repositoryScope(repository: string, ...actions: readonly string[]): Scope {
  return `repository:${repository}:${actions.join(",")}`;
}

export const CATALOG_SCOPE: Scope = "registry:catalog:*";

/** The same scopes with one entry for a resource, in the order in which resources first came. */
export function mergeScopes(scopes: readonly Scope[]): readonly Scope[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const { resource, wanted } = split(scope);
    const known = actions.get(resource) ?? new Set();
    for (const action of wanted) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, wanted]) => `${resource}:${[...wanted].join(",")}`);
}

/** Whether a token asked for with `held` serves for all of `wanted`. */
export function coversScopes(held: readonly Scope[], wanted: readonly Scope[]): boolean {
  const parts = (scopes: readonly Scope[]): Set<string> =>
    new Set(
      scopes.flatMap((scope) => {
        const { resource, wanted: actions } = split(scope);
        return actions.map((action) => `${resource}:${action}`);
      }),
    );
  return parts(wanted).isSubsetOf(parts(held));
}

/** A challenge's `scope` parameter holds any number of them, parted by spaces. */
export function parseScopes(text: string | undefined): readonly Scope[] {
  return (text ?? "").split(/\s+/).filter((scope) => scope.includes(":"));
}

/** A resource may hold colons (a host with a port), so the actions are what follows the last one. */
function split(scope: Scope): { resource: string; wanted: readonly string[] } {
  const colon = scope.lastIndexOf(":");
  return {
    resource: scope.slice(0, colon),
    wanted: scope
      .slice(colon + 1)
      .split(",")
      .filter((action) => action !== ""),
  };
}
