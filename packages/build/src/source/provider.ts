import type { Plan } from "./plan/plan.ts";
import type { Source } from "./source.ts";

/**
 * A language or a way to start a program: knows from an application's files whether it is one of its
 * own, and how it becomes an image. Pure: looks at nothing but the source and the settings. Each is a
 * folder in providers/, with a page in docs/providers/.
 */
export interface Provider {
  readonly name: string;
  /** Why this is one of its own, in words: `package.json`. Undefined where it is not. */
  detect(source: Source): string | undefined;
  /** `VERSION_UNAVAILABLE`, `START_UNKNOWN`, `SOURCE_INVALID` */
  plan(source: Source, settings: Settings): Plan;
}

/** What a user may say besides the files: flags, variables, the project's own configuration. */
export interface Settings {
  /** `--env` and `COOPER_*`, by name without the prefix: `NODE_VERSION`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly buildCommand?: string | undefined;
  readonly installCommand?: string | undefined;
  readonly startCommand?: string | undefined;
}

/** What a provider found to be so. */
export interface Match {
  readonly provider: string;
  readonly reason: string;
}
