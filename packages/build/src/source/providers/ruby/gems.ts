import type { Source } from "../../project/source.ts";

/** What Bundler's files say. */
export interface Gems {
  /** `locked`: Gemfile.lock says which versions. `none`: there is no Gemfile. */
  readonly bundler: "locked" | "unlocked" | "none";
  /** Every gem that is named, those of the lock file included. */
  readonly names: ReadonlySet<string>;
  /** Files that say which gems: what Bundler needs to install them. */
  readonly manifests: readonly string[];
  /** Whether some come from the source itself or from git. */
  readonly from: "index" | "source" | "git";
  /** What the source itself has of the gems that are locked, in vendor/cache. */
  readonly cache: "all" | "some" | "none";
}

export function readGems(source: Source): Gems {
  const gemfile = source.text("Gemfile");
  const lock = source.text("Gemfile.lock");
  const text = gemfile ?? "";
  const declared = [...text.matchAll(/^\s*gem\s*\(?\s*["']([^"']+)["']/gm)].map(([, name = ""]) => name);
  const locked = [...(lock ?? "").matchAll(/^ {4}([A-Za-z0-9][\w.-]*) \(/gm)].map(([, name = ""]) => name);
  const versions = [...(lock ?? "").matchAll(/^ {4}([A-Za-z0-9][\w.-]*) \(([\w.-]+)\)$/gm)];
  const hasAll = versions.every(([, name = "", version = ""]) =>
    source.has(`vendor/cache/${name}-${version}.gem`),
  );
  const cache = source.has("vendor/cache") ? (versions.length > 0 && hasAll ? "all" : "some") : "none";
  const isOfSource = /^\s*gemspec\b|\bpath:\s*["']|:path\s*=>/m.test(text) || /^PATH$/m.test(lock ?? "");
  const isOfGit = /\b(git|github):|:git\s*=>/.test(text) || /^GIT$/m.test(lock ?? "");
  return {
    bundler: gemfile === undefined ? "none" : lock === undefined ? "unlocked" : "locked",
    names: new Set([...declared, ...locked]),
    manifests: [
      "Gemfile",
      "Gemfile.lock",
      ".ruby-version",
      ".tool-versions",
      ".bundle/config",
      ...(cache === "none" ? [] : ["vendor/cache"]),
    ],
    cache,
    from: isOfSource ? "source" : isOfGit ? "git" : "index",
  };
}
