import { DistroError } from "../../errors.ts";
import type { Host } from "./host.ts";
import { isFlat, type SourceEntry } from "./source.ts";

/** Which suites a request is answered from. */
export interface ChosenSource {
  readonly entry: SourceEntry;
  /** The archive may lack it: a release without updates or security fixes of its own. */
  readonly isOptional: boolean;
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
  for (const entry of host.sources) if (entry.suite.replace(/\/+$/, "") === wanted) found.add(entry);
  const has = (suite: string): boolean => [...found].some((entry) => entry.suite === suite);
  const chosen: ChosenSource[] = [...found].map((entry) => ({ entry, isOptional: false }));
  if (found.size === 0 || !has(base)) chosen.push(...derived(host, base));
  if (wanted !== base && !has(wanted)) {
    chosen.push(
      ...derived(host, base)
        .filter(({ isOptional }) => !isOptional)
        .map(({ entry }) => ({
          entry: { ...entry, suite: wanted },
          isOptional: false,
        })),
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

/** What the host has for its own release, with the other release's name in place of its own. */
function derived(host: Host, release: string): readonly ChosenSource[] {
  const own = host.codename;
  const pattern = host.sources.filter((entry) => !isFlat(entry) && belongsTo(entry.suite, own));
  // A host that calls its release otherwise (`stable`): the archives of whatever it has.
  const models = pattern.length > 0 ? pattern : host.sources.filter((entry) => !isFlat(entry)).slice(0, 1);
  if (models.length === 0) {
    throw new DistroError("REPOSITORY_INVALID", `no source for ${release} is configured below ${host.root}`, {
      kind: "usage",
      advice: "Give one with --repository: an address, a suite and components, or a path.",
    });
  }
  return models.map((entry) => {
    const ending = pattern.length > 0 ? entry.suite.slice(own.length) : "";
    return { entry: { ...entry, suite: release + ending }, isOptional: ending !== "" };
  });
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
