import { DistroError } from "../errors.ts";
import { isVersion, type VersionRange, versionMatches } from "./version.ts";

/**
 * What a package needs, provides or must not meet: `name`, `so:libz.so.1=1.2.12`, `!name<2`,
 * `name~1.2`, `name@edge`, `name><Q1…`.
 */
export interface Dependency {
  readonly name: string;
  /** `!`: nothing that fits may be there. */
  readonly isConflict: boolean;
  /** Undefined where any version will do. */
  readonly range: VersionRange | undefined;
  /** Undefined where none is named. With `checksum` it is `Q1…`, not a version. */
  readonly version: string | undefined;
  /** `><`: exactly the package with this checksum. */
  readonly isChecksum: boolean;
  /** `@tag`: may come from the repository with this tag. Only in requests. */
  readonly tag: string | undefined;
}

const SYNTAX = /^(?<conflict>!?)(?<name>[^!<>=~\s][^<>=~\s]*)(?:(?<operator>[<>=~]+)(?<version>.*))?$/su;

/**
 * One dependency. `DEPENDENCY_INVALID`
 */
export function parseDependency(text: string): Dependency {
  const dependency = readDependency(text);
  if (dependency === undefined) {
    throw new DistroError(
      "DEPENDENCY_INVALID",
      `${JSON.stringify(text)} is no dependency as apk writes them`,
      {
        advice: "Write a name, then perhaps @tag, then perhaps one of = < > <= >= ~ and a version.",
        kind: "usage",
        fields: { dependency: text },
      },
    );
  }
  return dependency;
}

/** A line of an index: dependencies with spaces between, and the first word of it that is none. */
export function readDependencies(line: string): {
  readonly dependencies: readonly Dependency[];
  readonly unreadable: string | undefined;
} {
  const dependencies: Dependency[] = [];
  let unreadable: string | undefined;
  for (const text of line.split(" ")) {
    if (text === "") continue;
    const dependency = readDependency(text);
    if (dependency === undefined) unreadable ??= text;
    else dependencies.push(dependency);
  }
  return { dependencies, unreadable };
}

/** As apk writes it, without its tag. */
export function formatDependency(dependency: Dependency): string {
  const { isConflict, name, version } = dependency;
  return `${isConflict ? "!" : ""}${name}${version === undefined ? "" : operatorOf(dependency) + version}`;
}

/** Whether what `provider` offers under the dependency's name is what it asks for. */
export function isFulfilled(
  dependency: Dependency,
  provider: { readonly version: string | undefined; readonly checksum: string } | undefined,
): boolean {
  const { isConflict, range, version, isChecksum } = dependency;
  if (provider === undefined) return isConflict;
  if (isChecksum) return provider.checksum === version;
  if (range === undefined || version === undefined) return !isConflict;
  // A name that is provided without a version fulfils nothing that asks for one.
  const fits = provider.version !== undefined && versionMatches(provider.version, range, version);
  return fits !== isConflict;
}

function readDependency(text: string): Dependency | undefined {
  const groups = SYNTAX.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const [name = "", ...tag] = (groups["name"] ?? "").split("@");
  if (name === "") return undefined;
  const operator = groups["operator"] ?? "";
  const range: VersionRange = {
    less: operator.includes("<"),
    equal: operator.includes("=") || operator.includes("~"),
    greater: operator.includes(">"),
    fuzzy: operator.includes("~"),
  };
  const isAny = operator === "" || (range.less && range.equal && range.greater);
  const isChecksum = range.less && range.greater && !range.equal;
  const version = groups["version"];
  if (version !== undefined && !isChecksum && !isAny && !isVersion(version)) return undefined;
  return {
    name,
    isConflict: groups["conflict"] === "!",
    range: isAny ? undefined : range,
    version,
    isChecksum,
    tag: tag.length > 0 ? tag.join("@") : undefined,
  };
}

function operatorOf({ range, isChecksum }: Dependency): string {
  if (isChecksum) return "><";
  if (range === undefined) return "<=>";
  if (range.fuzzy) return `${range.less ? "<" : ""}${range.greater ? ">" : ""}~`;
  return `${range.less ? "<" : ""}${range.greater ? ">" : ""}${range.equal ? "=" : ""}`;
}
