import { isTable, type Source } from "../project/source.ts";

/** A file in which a project may say which version it wants. */
export interface Place {
  readonly path: string;
  /** The version that the file names; asked only where there is the file. `SOURCE_INVALID` */
  readonly read: (source: Source) => string | undefined;
}

/** A file that holds a version and nothing else, or comments above it. */
export function firstLine(path: string): Place {
  return {
    path,
    read: (source) =>
      source
        .text(path)
        ?.split(/\r?\n/)
        .map((line) => line.replace(/#.*/, "").trim())
        .find((line) => line !== ""),
  };
}

/** A file in which a version stands in the pattern's first group, and what comes before what is found. */
export function matching(path: string, pattern: RegExp, relation: ">=" | "" = ""): Place {
  return {
    path,
    read: (source) => {
      const version = pattern.exec(source.text(path) ?? "")?.[1];
      return version === undefined ? undefined : `${relation}${version}`;
    },
  };
}

/** A field of a file of JSON. */
export function field(path: string, ...keys: readonly string[]): Place {
  return { path, read: (source) => wordAt(source.json(path), keys) };
}

/** A field of a file of TOML. */
export function tomlField(path: string, ...keys: readonly string[]): Place {
  return { path, read: (source) => wordAt(source.toml(path), keys) };
}

/** asdf's `.tool-versions`: a tool and its version a line, by one of these names. */
export function asdf(names: readonly string[]): Place {
  return matching(".tool-versions", new RegExp(`^[ \\t]*(?:${names.join("|")})[ \\t]+([^\\s#]+)`, "m"));
}

/** mise's own file: a version, or a table or list that has one, by one of these names in `[tools]`. */
export function mise(path: string, names: readonly string[]): Place {
  return {
    path,
    read: (source) => {
      const file = source.toml(path);
      const tools = isTable(file) ? file["tools"] : undefined;
      if (!isTable(tools)) return undefined;
      return names.map((name) => versionIn(tools[name])).find((version) => version !== undefined);
    },
  };
}

function versionIn(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isTable(one) ? wordAt(one, ["version"]) : wordAt(one, []);
}

/** A word, or a whole number; any other number has lost its zeros: 3.10 is 3.1. */
function wordAt(value: unknown, keys: readonly string[]): string | undefined {
  let found = value;
  for (const key of keys) found = isTable(found) ? found[key] : undefined;
  return typeof found === "string" || Number.isInteger(found) ? String(found) : undefined;
}
