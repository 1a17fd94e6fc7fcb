import { DistroError } from "../../errors.ts";
import { versionMatches, type VersionRelation } from "../version/version.ts";

/** What a package asks of another: `libc6 (>= 2.36)`, `python3:any`, `gcc:amd64`. */
export interface Dependency {
  readonly name: string;
  /** What follows a colon: `any`, `native`, or an architecture. */
  readonly architecture: string | undefined;
  readonly relation: VersionRelation | undefined;
  readonly version: string | undefined;
}

/** `a | b | c`: any of them will do. Never empty. */
export type Alternatives = readonly Dependency[];

/** `< 1` and `> 1` of old control files mean `<=` and `>=`. Debian Policy 7.1 */
const RELATIONS: Readonly<Record<string, VersionRelation>> = {
  "<<": "<<",
  "<=": "<=",
  "<": "<=",
  "=": "=",
  ">": ">=",
  ">=": ">=",
  ">>": ">>",
};

const SYNTAX =
  /^(?<name>[A-Za-z0-9][A-Za-z0-9.+_-]*)(?::(?<architecture>[a-z0-9-]+))?\s*(?:\(\s*(?<relation><<|<=|<|=|>=|>>|>)\s*(?<version>[^\s)]+)\s*\))?$/u;

/** A field such as Depends: comma between what all must be there, `|` between alternatives. `DEPENDENCY_INVALID` */
export function parseDependencies(field: string): readonly Alternatives[] {
  return field
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "")
    .map((group) => group.split("|").map((text) => parseDependency(text.trim())));
}

/** `name[:arch] [(relation version)]`. `DEPENDENCY_INVALID` */
function parseDependency(text: string): Dependency {
  const groups = SYNTAX.exec(text)?.groups;
  if (groups === undefined) {
    throw new DistroError(
      "DEPENDENCY_INVALID",
      `${JSON.stringify(text)} is no dependency as Debian writes them`,
      {
        fields: { dependency: text },
      },
    );
  }
  return {
    name: groups["name"] ?? "",
    architecture: groups["architecture"],
    relation: RELATIONS[groups["relation"] ?? ""],
    version: groups["version"],
  };
}

/** As a control file writes it. */
function formatDependency({ name, architecture, relation, version }: Dependency): string {
  const qualified = architecture === undefined ? name : `${name}:${architecture}`;
  return relation === undefined || version === undefined
    ? qualified
    : `${qualified} (${relation} ${version})`;
}

/** `a | b`, as a control file writes it. */
export function formatAlternatives(alternatives: Alternatives): string {
  return alternatives.map(formatDependency).join(" | ");
}

/** Whether this version is one that is asked for; undefined is a provider's that names none. */
export function acceptsVersion({ relation, version }: Dependency, offered: string | undefined): boolean {
  if (relation === undefined || version === undefined) return true;
  return offered !== undefined && versionMatches(offered, relation, version);
}
