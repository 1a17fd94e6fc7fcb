import { isRepositoryName } from "../names.ts";
import type { Access, Action } from "./authorize.ts";

/** Accesses to one repository, or to the catalog, as a token's scope writes them. */
export interface Scope {
  readonly repository: string | undefined;
  readonly actions: readonly Action[];
}

const REPOSITORY_ACTIONS: readonly Action[] = ["pull", "push", "delete", "make"];

/**
 * Reads scopes such as `repository:a/b:pull,push`, several separated by spaces (Docker's token
 * authentication, "Requesting a Token"). What cannot be meant here grants nothing, and is left out.
 */
export function parseScopes(texts: readonly string[]): readonly Scope[] {
  return texts.flatMap((text) => text.split(" ")).flatMap((text) => parseScope(text));
}

function parseScope(text: string): readonly Scope[] {
  if (text === "registry:catalog:*") return [{ repository: undefined, actions: ["list"] }];
  const [, repository, actions] = /^repository(?:\([^)]*\))?:([^:]+):([a-z,*]+)$/.exec(text) ?? [];
  if (repository === undefined || actions === undefined || !isRepositoryName(repository)) return [];
  const named = actions.split(",");
  return [
    {
      repository,
      actions: REPOSITORY_ACTIONS.filter((action) => named.includes("*") || named.includes(action)),
    },
  ];
}

/** The scope that a client must ask for to have an access; none to come in. */
export function scopeFor({ action, repository }: Access): string | undefined {
  if (action === "enter") return undefined;
  if (repository === undefined) return "registry:catalog:*";
  // Whoever pushes looks first at what is there; some clients ask for one scope only.
  return `repository:${repository}:${action === "push" || action === "make" ? `pull,${action}` : action}`;
}
