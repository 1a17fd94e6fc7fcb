import type { Ecosystem } from "../distribution/distribution.ts";
import type { Plan } from "../plan/plan.ts";
import type { Source } from "../project/source.ts";

/**
 * A language or a way to start a program: knows from an application's files whether it is one of its
 * own, and how it becomes an image. Pure: looks at nothing but the source and the settings. Each is a
 * folder in providers/, with a page in docs/providers/.
 */
export interface Provider {
  readonly name: string;
  /** Whose packages its plans can stand on; Debian's alone unless it says so. */
  readonly ecosystems?: readonly Ecosystem[] | undefined;
  /** Why this is one of its own, in words: `package.json`. Undefined where it is not. */
  detect(source: Source): string | undefined;
  /** `VERSION_UNAVAILABLE`, `PACKAGES_UNAVAILABLE`, `START_UNKNOWN`, `SOURCE_INVALID` */
  plan(source: Source, settings: Settings): Plan;
}

/** What is said besides the files of the source: in cooper.toml, in the environment, in flags. */
export interface Settings {
  /** By name without a prefix: `NODE_VERSION`. */
  readonly variables: Readonly<Record<string, string>>;
  /** The first one says how the application is started. */
  readonly providers?: readonly string[] | undefined;
  readonly installCommand?: string | undefined;
  readonly buildCommand?: string | undefined;
  readonly startCommand?: string | undefined;
  /** Further packages for every step that stands on packages, and for the image. */
  readonly packages?: ExtraPackages | undefined;
}

/** Where packages come from, and further ones. */
export interface ExtraPackages {
  /** Whose packages all toolchains and libraries are, perhaps with a release: `apk`, `apk:3.22`. */
  readonly from?: string | undefined;
  /** Names of its packages, or of others with their scheme before: `ffmpeg`, `npm:typescript`. */
  readonly build?: readonly string[] | undefined;
  readonly deploy?: readonly string[] | undefined;
}

/** What a provider found to be so. */
export interface Match {
  readonly provider: string;
  readonly reason: string;
}
