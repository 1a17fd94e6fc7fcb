import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";

/** What a plan needs of mix.exs. It is a program of Elixir: what no pattern finds in it is not known. */
export interface Mix {
  /** The release to make; undefined where nothing says its name, as in an umbrella without releases. */
  readonly release: string | undefined;
  /** Its name where the project has releases: mix knows the one that is named after the application by none. */
  readonly named: readonly [] | readonly [string];
  /** Whether any has to be fetched: those that a path in the source names are there. */
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
  return {
    release: chosen ?? application,
    named: chosen === undefined ? [] : [chosen],
    dependencies: hasFetched(source, text) ? "some" : "none",
    isPhoenix: /\{\s*:phoenix\s*,/.test(text),
    hasAssets: text.includes('"assets.deploy"'),
    hasCookie: /\bcookie:/.test(text),
  };
}

/** Whether mix.lock names anything, or mix.exs something that has no path. */
function hasFetched(source: Source, mixfile: string): boolean {
  if (/"\s*:\s*\{\s*:(hex|git)\b/.test(source.text("mix.lock") ?? "")) return true;
  const lists = [
    /\bdefp?\s+deps\b(?:\(\))?\s*(?:do|,\s*do:)\s*\[([^]*?)(?:\n\s*(?:end|defp?)\b|$)/,
    /\bdeps:\s*\[((?:\s*\{[^{}]*\}\s*,?)*)\s*\]/,
  ].map((list) => list.exec(mixfile)?.[1] ?? "");
  return [...lists.join("\n").matchAll(/\{\s*:\w+\s*,([^{}]*)\}/g)].some(
    ([, options = ""]) => !/\b(path:\s*"|in_umbrella:\s*true)/.test(options),
  );
}
