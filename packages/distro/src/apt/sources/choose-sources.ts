import { DistroError } from "../../errors.ts";
import type { Host } from "./host.ts";
import { isFlat, type SourceEntry } from "./source.ts";

/** Which suites a request is answered from. */
export interface ChosenSource {
  readonly entry: SourceEntry;
  /**
   * `required`: the archive must have it. `somewhere`: one of the archives that are tried for this
   * suite must. `optional`: a release may be without updates or security fixes of its own.
   */
  readonly presence: "required" | "somewhere" | "optional";
}

/** Suites that belong to a release; what they have is newer than it. */
const COMPANIONS = ["-updates", "-security", "/updates"];
/** Suites that only add to a release: with them the release itself is read as well. */
const ADDITIONS = ["-backports", "-backports-sloppy", "-proposed-updates", "-proposed"];
const STANDS_ON: Readonly<Record<string, string>> = { experimental: "sid", "rc-buggy": "sid" };

/**
 * The host's sources for a release: those of that suite with its updates and security fixes. A
 * release that the host does not have is looked for at the same archives, with the same components
 * and keys. `REPOSITORY_INVALID`
 */
export function chooseSources(host: Host, release: string | undefined): readonly ChosenSource[] {
  const wanted = release ?? ownRelease(host);
  const base = baseOf(wanted);
  const found = new Set<SourceEntry>(
    [...new Set([base, wanted])].flatMap((suite) =>
      host.sources.filter((entry) => !isFlat(entry) && belongsTo(entry.suite, suite)),
    ),
  );
  // A flat repository has no suite: it is meant where its directory is named.
  const flat = host.sources.filter((entry) => isFlat(entry) && entry.suite.replace(/\/+$/, "") === wanted);
  if (flat.length > 0) return flat.map((entry) => ({ entry, presence: "required" }));
  const has = (suite: string): boolean => [...found].some((entry) => entry.suite === suite);
  const chosen: ChosenSource[] = [...found].map((entry) => ({ entry, presence: "required" }));
  if (!has(base)) chosen.push(...sameArchives(host, base));
  if (wanted !== base && !has(wanted)) {
    const additions = sameArchives(host, base).filter(({ presence }) => presence === "somewhere");
    chosen.push(
      ...additions.map(({ entry, presence }) => ({ entry: { ...entry, suite: wanted }, presence })),
    );
  }
  return distinct(chosen);
}

function ownRelease({ codename, root }: Host): string {
  if (codename !== "") return codename;
  throw new DistroError("REPOSITORY_INVALID", `no release is named, and ${root} has none of its own`, {
    kind: "usage",
    advice: "Name one, as in apt:curl:bookworm, and say with --repository where it is.",
  });
}

/** `bookworm-backports` stands on `bookworm`. */
function baseOf(suite: string): string {
  const addition = ADDITIONS.find((ending) => suite.endsWith(ending));
  return addition === undefined ? (STANDS_ON[suite] ?? suite) : suite.slice(0, -addition.length);
}

function belongsTo(suite: string, release: string): boolean {
  return suite === release || COMPANIONS.some((ending) => suite === release + ending);
}

/** What the host has, with the other release's name in place of the one that it has there. `REPOSITORY_INVALID` */
export function sameArchives(host: Host, release: string): readonly ChosenSource[] {
  const suites = host.sources.filter((entry) => !isFlat(entry));
  if (suites.length === 0) {
    throw new DistroError("REPOSITORY_INVALID", `no source for ${release} is configured below ${host.root}`, {
      kind: "usage",
      advice: "Give one with --repository: an address, a suite and components, or a path.",
    });
  }
  return suites.map((entry) => {
    const ending = entry.suite.slice(stemOf(entry.suite).length);
    return {
      entry: { ...entry, suite: release + ending },
      presence: ending === "" ? ("somewhere" as const) : ("optional" as const),
    };
  });
}

function stemOf(suite: string): string {
  const ending = COMPANIONS.find((each) => suite.endsWith(each)) ?? "";
  return suite.slice(0, suite.length - ending.length);
}

function distinct(chosen: readonly ChosenSource[]): readonly ChosenSource[] {
  const seen = new Map<string, ChosenSource>();
  for (const each of chosen) {
    const { uri, suite, components } = each.entry;
    const key = JSON.stringify([uri.replace(/\/+$/, ""), suite, components]);
    if (!seen.has(key)) seen.set(key, each);
  }
  return [...seen.values()];
}
