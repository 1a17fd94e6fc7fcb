import { createResolver, type Resolver } from "@cooper/transport";
import { flattenScheme } from "./flatten.ts";

/** Every scheme there is: the places of `@cooper/transport`, and what is made from another reference. */
export const resolver: Resolver = createResolver([flattenScheme]);
