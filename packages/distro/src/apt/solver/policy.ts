import type { Name, ReleaseNames, Universe, Version } from "./universe.ts";

/** A paragraph of apt's preferences. apt_preferences(5) */
export interface Pin {
  /** Names, `*` for all, `/regular expression/` or a pattern with `*`, `?` and `[…]`; `src:` before it means the source package. */
  readonly packages: readonly string[];
  readonly kind: "version" | "release" | "origin";
  /** `1.2*`, `a=stable,o=Debian`, the host of an address. */
  readonly pattern: string;
  readonly priority: number | "never";
}

export interface PolicyOptions {
  /** In their order: the first that fits counts. */
  readonly pins: readonly Pin[];
  /** A release whose packages are preferred over all others: 990. */
  readonly target?: string | undefined;
}

const TARGET_PRIORITY = 990;
const DEFAULT_PRIORITY = 500;
const UPGRADES_PRIORITY = 100;
const NOT_AUTOMATIC_PRIORITY = 1;

/** Which version of each name would be installed: the highest priority, then the newest. */
export class Policy {
  readonly #universe: Universe;
  readonly #pins: readonly Pin[];
  readonly #sourcePriorities: readonly (number | "never")[];

  constructor(universe: Universe, { pins, target }: PolicyOptions) {
    this.#universe = universe;
    this.#pins = pins.filter((pin) => !isGeneral(pin));
    const general = pins.filter(isGeneral);
    if (target !== undefined) {
      general.unshift({ packages: ["*"], kind: "release", pattern: target, priority: TARGET_PRIORITY });
    }
    this.#sourcePriorities = universe.sources.map(({ release }) => {
      const fitting = general.filter((pin) => pin.kind !== "version" && releaseMatches(release, pin));
      if (fitting.some(({ priority }) => priority === "never")) return "never";
      return fitting[0]?.priority ?? defaultPriority(release);
    });
  }

  candidateOf(name: Name): Version | undefined {
    let best: Version | undefined;
    let highest = -1;
    for (const version of name.versions) {
      const priority = this.priorityOf(version);
      if (priority === "never" || priority === 0 || priority <= highest) continue;
      highest = priority;
      best = version;
    }
    return best;
  }

  priorityOf(version: Version): number | "never" {
    const priorities = version.sources.map((source) => this.#sourcePriorities[source] ?? 0);
    const pin = this.#pins.find(
      (each) => namesPackage(each, version) && pinMatches(each, version, this.#universe),
    );
    const allowed = priorities.filter((priority) => priority !== "never");
    if (allowed.length === 0) return "never";
    return pin?.priority ?? Math.max(...allowed);
  }
}

/** `*` among others is a pattern like any other: only alone does it speak of the source itself. */
function isGeneral({ packages }: Pin): boolean {
  return packages.length === 1 && packages[0] === "*";
}

/** Whether a version is what `pkg=version` or `pkg/release` means. */
export function isVersionMeant(
  universe: Universe,
  version: Version,
  kind: "version" | "release",
  pattern: string,
): boolean {
  return pinMatches({ packages: [], kind, pattern, priority: 0 }, version, universe);
}

function defaultPriority({ notAutomatic, butAutomaticUpgrades }: ReleaseNames): number {
  if (butAutomaticUpgrades) return UPGRADES_PRIORITY;
  return notAutomatic ? NOT_AUTOMATIC_PRIORITY : DEFAULT_PRIORITY;
}

function namesPackage({ packages }: Pin, { package: owner }: Version): boolean {
  return packages.some((each) => {
    const isSource = each.startsWith("src:");
    const [pattern, architecture] = splitArchitecture(isSource ? each.slice(4) : each);
    const isRight =
      architecture === undefined || ["any", "native", owner.architecture].includes(architecture);
    return isRight && matchesExpression(pattern, isSource ? owner.source : owner.name);
  });
}

function splitArchitecture(text: string): readonly [string, string | undefined] {
  const colon = text.lastIndexOf(":");
  if (colon === -1 || text.startsWith("/")) return [text, undefined];
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function pinMatches(pin: Pin, version: Version, universe: Universe): boolean {
  if (pin.kind === "version") return matchesVersion(pin.pattern, version.package.version);
  return version.sources.some((at) => {
    const release = universe.sources[at]?.release;
    return release !== undefined && releaseMatches(release, pin);
  });
}

/** Of `pkg=1.2*` and `Pin: version 1.2*`. */
function matchesVersion(pattern: string, version: string): boolean {
  const isPrefix = pattern.endsWith("*");
  const text = isPrefix ? pattern.slice(0, -1) : pattern;
  return (isPrefix ? version.startsWith(text) : version === text) || matchesExpression(pattern, version);
}

function releaseMatches(release: ReleaseNames, { kind, pattern }: Pin): boolean {
  if (kind === "origin") return matchesExpression(pattern.replace(/^"(.*)"$/, "$1"), release.site);
  if (pattern === "*") return true;
  if (!pattern.includes("=")) {
    if (/^\d/.test(pattern)) return matchesVersion(pattern, release.version);
    return [release.suite, release.codename].some((name) => matchesExpression(pattern, name));
  }
  const parts = pattern.split(",").map((part) => part.trim());
  return parts.every((part) => {
    const text = part.slice(2);
    const value = { v: release.version, ...byLetter(release) }[part[0] ?? ""];
    if (part[1] !== "=" || value === undefined) return true;
    return part.startsWith("v") ? matchesVersion(text, value) : matchesExpression(text, value);
  });
}

function byLetter(release: ReleaseNames): Readonly<Record<string, string>> {
  return {
    o: release.origin,
    a: release.suite,
    n: release.codename,
    l: release.label,
    c: release.component,
    b: release.architecture,
  };
}

/** A shell pattern, or a regular expression between slashes; case does not matter. */
function matchesExpression(pattern: string, text: string): boolean {
  if (pattern.length > 1 && pattern.startsWith("/") && pattern.endsWith("/")) {
    return expression(pattern.slice(1, -1))?.test(text) === true;
  }
  if (!/[*?[]/.test(pattern)) return pattern.toLowerCase() === text.toLowerCase();
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("[!", "[^")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return expression(`^${source}$`)?.test(text) === true;
}

/** What cannot be read matches nothing. */
function expression(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "i");
  } catch {
    return undefined;
  }
}
