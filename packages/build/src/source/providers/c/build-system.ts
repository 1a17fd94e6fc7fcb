import type { PlanStep } from "../../plan/plan.ts";
import type { Program } from "../../native/choose-programs.ts";
import type { Need } from "../../distribution/names.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";

/** What builds an application of C or C++, as its files describe it. */
export interface BuildSystem {
  readonly name: string;
  /** The file by which it is known. */
  manifest(source: Source): string | undefined;
  /** `VERSION_UNAVAILABLE` */
  describe(source: Source, settings: Settings): Description;
}

export interface Description {
  /** What it works with, besides compilers. */
  readonly tools: readonly Need[];
  /** Names of the libraries that it looks for. */
  readonly libraries: readonly string[];
  /** What it calls the application, where it has a name for it. */
  readonly project?: string | undefined;
  /** The programs that it makes. */
  readonly programs: readonly Program[];
  /** Lines that configure, that build, and that install below `$DESTDIR`. */
  readonly configure: string;
  readonly build: string;
  readonly install: string;
  /** Whether it fetches code of others while it is configured. */
  readonly fetches: "nothing" | "sources";
  /** A newer one of these tools than Debian has. */
  readonly toolchain?: Toolchain | undefined;
}

/** A step with a tool in it, and how others are shown it. */
export interface Toolchain {
  readonly step: PlanStep;
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a distribution's own programs lie, so that ld.so finds the libraries that come with them. */
export const PREFIX = "/usr";

/** Files of a build system that do not belong to examples or tests. */
export function buildFiles(source: Source, pattern: RegExp): readonly string[] {
  return source.paths.filter((path) => pattern.test(path) && !ASIDE.test(path));
}

const ASIDE =
  /(^|\/)(tests?|testing|unittests?|examples?|samples?|bench(marks?)?|fuzz(ing)?|docs?|third[_-]?party|external|extern|vendor|deps|build|subprojects)\//i;
