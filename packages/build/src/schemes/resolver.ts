import { createResolver, type Resolver, type Scheme } from "@cooper/transport";
import { flattenScheme } from "./flatten.ts";
import { mirrorScheme } from "./mirror.ts";
import { type PackageMaking, packageSchemes } from "./packages.ts";
import { randomScheme } from "./random.ts";
import { zstdScheme } from "./zstd.ts";

/** What is made, and what is made of another reference: rows for a resolver's table. */
export const MAKERS: readonly Scheme[] = [flattenScheme, mirrorScheme, randomScheme, zstdScheme];

/**
 * Every scheme there is: the places of `@cooper/transport`, and the makers. `packages` says how
 * images of packages are made: from which repositories, from a lock, in which layers.
 */
export function makeResolver(options: { readonly packages?: PackageMaking | undefined } = {}): Resolver {
  return createResolver([...MAKERS, ...packageSchemes(options.packages ?? {})]);
}

export const resolver: Resolver = makeResolver();
