import type { Distribution } from "../distribution/distribution.ts";
import type { Need } from "../distribution/names.ts";
import { referenceTo } from "../distribution/reference.ts";
import { librariesOf } from "./libraries.ts";

/** What something needs while it is compiled, and while it runs. */
export interface Needs {
  readonly build: readonly Need[];
  readonly runtime: readonly Need[];
}

/** What these libraries need. */
export function needsOf(libraries: Iterable<string>): Needs {
  const known = librariesOf(libraries);
  return { build: known.map(({ build }) => build), runtime: known.map(({ runtime }) => runtime) };
}

/** What a program of C or Rust stands on: the C library and what else it names, and no shell. */
export function runtimeReference(distribution: Distribution, { runtime }: Needs): string {
  return referenceTo(distribution, ["C library", "compiler library", ...runtime, "alone"]);
}
