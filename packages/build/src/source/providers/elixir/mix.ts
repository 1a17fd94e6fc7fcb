import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";

/** What a plan needs of mix.exs. It is a program of Elixir: what no pattern finds in it is not known. */
export interface Mix {
  /** The release to make; undefined where nothing says its name, as in an umbrella without releases. */
  readonly release: string | undefined;
  /** Its name where the project has releases: mix knows the one that is named after the application by none. */
  readonly named: readonly [] | readonly [string];
  readonly dependencies: "none" | "some";
  readonly isPhoenix: boolean;
  /** Whether its aliases have the task that builds Phoenix's assets. */
  readonly hasAssets: boolean;
  /** Whether the project says the secret that nodes know each other by. */
  readonly hasCookie: boolean;
}

export function readMix(source: Source, settings: Settings): Mix {
  const text = (source.text("mix.exs") ?? "").replaceAll(/(^|[\s[,])#.*$/gm, "$1");
  const application = /\bapp:\s*:(\w+)/.exec(text)?.[1];
  const releases =
    /\breleases:\s*\[\s*(?:\{?:)?(\w+)/.exec(text)?.[1] ??
    /\bdefp?\s+releases\b[^[]*\[\s*(\w+):/.exec(text)?.[1];
  const chosen =
    settings.variables["MIX_RELEASE"] ?? /\bdefault_release:\s*:(\w+)/.exec(text)?.[1] ?? releases;
  const list = /\bdefp?\s+deps\b(?:\(\))?\s*(?:do|,\s*do:)\s*\[([^\]]*)/.exec(text)?.[1] ?? "";
  return {
    release: chosen ?? application,
    named: chosen === undefined ? [] : [chosen],
    dependencies: list.trim() === "" && !source.has("mix.lock") ? "none" : "some",
    isPhoenix: /\{\s*:phoenix\s*,/.test(text),
    hasAssets: text.includes('"assets.deploy"'),
    hasCookie: /\bcookie:/.test(text),
  };
}
