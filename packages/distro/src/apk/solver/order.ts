import { isFulfilled } from "../dependency.ts";
import type { Search } from "./search.ts";
import type { Link, Name, Package } from "./universe.ts";

/** Why a package is in the solution. */
export type Reason =
  /** It was asked for. */
  | { readonly kind: "asked" }
  /** The package of this name needs it. */
  | { readonly kind: "needed"; readonly by: string }
  /** All of its install_if are there. */
  | { readonly kind: "install-if"; readonly because: readonly string[] };

export interface Placed {
  readonly package: Package;
  readonly reason: Reason;
}

/**
 * The chosen packages in the order of installation: what a package needs before it, and what comes
 * by install_if right after the last of its conditions. Marks whatever is not fulfilled as broken.
 */
export function installOrder(search: Search): readonly Placed[] {
  const placed: Placed[] = [];
  const follow = (needer: Package | undefined, { dependency, name }: Link): void => {
    const { chosen } = search.name(name);
    if (!isFulfilled(dependency, chosen)) search.markBroken(needer);
    if (needer === undefined && !isFulfilled(dependency, chosen)) search.errors++;
    place(name, needer === undefined ? { kind: "asked" } : { kind: "needed", by: needer.index.name });
    if (chosen !== undefined && search.package(chosen.package).isBroken) search.markBroken(needer);
  };
  const place = (name: Name, reason: Reason): void => {
    const state = search.name(name);
    if (state.isInOrder) return;
    state.isInOrder = true;
    const owner = state.chosen?.package;
    if (owner === undefined || search.package(owner).isInOrder) return;
    search.package(owner).isInOrder = true;
    search.name(owner.name).isInOrder = true;
    for (const provided of owner.provides) search.name(provided.name).isInOrder = true;
    for (const link of owner.depends) follow(owner, link);
    placed.push({ package: owner, reason });
    for (const triggered of owner.name.triggers) placeTriggered(triggered);
  };
  const placeTriggered = (name: Name): void => {
    const state = search.name(name);
    const owner = state.chosen?.package;
    if (owner === undefined || !state.isSeen || state.isInOrder) return;
    for (const condition of owner.installIf) {
      const other = search.name(condition.name);
      if (!other.isInOrder || !isFulfilled(condition.dependency, other.chosen)) return;
    }
    place(name, { kind: "install-if", because: owner.installIf.map((link) => link.name.text) });
  };
  for (const wish of search.wishes) follow(undefined, wish);
  return placed;
}
