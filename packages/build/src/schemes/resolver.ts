import { createResolver, type Resolver, type Scheme } from "@cooper/transport";
import { flattenScheme } from "./flatten.ts";
import { mirrorScheme } from "./mirror.ts";
import { type PackageMaking, packageSchemes } from "./packages.ts";
import { randomScheme } from "./random.ts";
import { zstdScheme } from "./zstd.ts";

/** What is made, and what is made of another reference: rows for a resolver's table. */
const MAKERS: readonly Scheme[] = [flattenScheme, mirrorScheme, randomScheme, zstdScheme];

export interface ResolverOptions {
  /** How images of packages are made: from which repositories, from a lock, in which layers. */
  readonly packages?: PackageMaking | undefined;
  /** Further rows, which win where names are equal: other ways to a place. */
  readonly further?: readonly Scheme[] | undefined;
}

/** Every scheme there is: the places of `@cooper/transport`, and the makers. */
export function makeResolver({ packages = {}, further = [] }: ResolverOptions = {}): Resolver {
  return createResolver([...MAKERS, ...packageSchemes(packages), ...further]);
}

export const resolver: Resolver = makeResolver();
