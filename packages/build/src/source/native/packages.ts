import { librariesOf } from "./libraries.ts";

/** Debian's packages that something needs while it is compiled, and while it runs. */
export interface Needs {
  readonly build: readonly string[];
  readonly runtime: readonly string[];
}

/** The packages of these libraries. */
export function needsOf(libraries: Iterable<string>): Needs {
  const known = librariesOf(libraries);
  return {
    build: [...new Set(known.flatMap(({ build }) => build))],
    runtime: [...new Set(known.flatMap(({ runtime }) => runtime))],
  };
}

/** One reference for packages of Debian. */
export function aptReference(...packages: readonly string[]): string {
  return `apt:${[...new Set(packages)].join("/")}`;
}

/** What a program of C or Rust stands on: the C library and what else it names, and no shell. */
export function runtimeReference({ runtime }: Needs): string {
  return aptReference("libc6", "libgcc-s1", ...runtime, "+nobase");
}
