import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileFault } from "@cooper/archive";
import {
  faultOfPattern,
  type LocalFile,
  openMemory,
  parsePatterns,
  Patterns,
  scanLocal,
} from "@cooper/engine";
import { errnoOf } from "@cooper/sys";
import { parse as parseToml, TomlError } from "smol-toml";
import { BuildError } from "../../errors.ts";
import { OWN_FILES } from "../overlay/files.ts";

/** An application's files, as providers look at them: without what is ignored. */
export interface Source {
  readonly directory: string;
  /** What a build takes of it. */
  readonly files: readonly LocalFile[];
  /** Every file and directory below it, sorted. */
  readonly paths: readonly string[];
  /** Seconds since 1970: the newest file's. */
  readonly newest: number;
  /** What is left out of the build, as `.dockerignore` writes it. */
  readonly ignored: readonly string[];
  has(path: string): boolean;
  /** Paths that match one of these patterns (`*` within a name, `**` for directories). */
  matching(...patterns: readonly string[]): readonly string[];
  /** The text of a file; undefined where there is none. `FILE_…` */
  text(path: string): string | undefined;
  /** The JSON of a file. `SOURCE_INVALID`, which names the file. */
  json(path: string): unknown;
  /** The TOML of a file. `SOURCE_INVALID`, which names the file. */
  toml(path: string): unknown;
}

/** Whether a value of a file is a table, as TOML says, or an object, as JSON does. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What no build wants to see, whatever the project says. */
const ALWAYS_IGNORED: readonly string[] = [
  ".git",
  "**/node_modules",
  "**/__pycache__",
  "**/.venv",
  "**/venv",
];
const IGNORE_FILES = [".dockerignore", ".cooperignore"] as const;
/** A manifest is small; what claims to be one and is not is no reason to run out of memory. */
const MAX_TEXT = 16 * 2 ** 20;

/**
 * Looks at an application's directory, without what its ignore files, Cooper itself or `exclude` leave
 * out. `home` is where what its files contained is remembered.
 */
export async function openSource(
  directory: string,
  home: string,
  exclude: readonly string[] = [],
): Promise<Source> {
  const status = statSync(directory, { throwIfNoEntry: false });
  if (status?.isDirectory() !== true) {
    throw new BuildError("SOURCE_MISSING", `there is no directory ${directory}`, {
      kind: "usage",
      fields: { path: directory },
    });
  }
  const read = (path: string): string | undefined => readText(join(directory, path));
  const written = IGNORE_FILES.flatMap((name) => patternsOf(name, read(name) ?? ""));
  const ignored = [...ALWAYS_IGNORED, ...OWN_FILES, ...written, ...exclude];
  const memory = openMemory(home, directory);
  const { files, newest } = await scanLocal(
    directory,
    { include: undefined, exclude: new Patterns(ignored) },
    memory,
  );
  memory.save();
  const paths = files.map(({ path }) => path);
  const known = new Set(paths);
  const links = new Set(files.flatMap(({ path, type }) => (type === "symlink" ? [path] : [])));
  const textOf = (path: string): string | undefined => {
    if (!known.has(path)) return undefined;
    if (links.has(path)) requireInside(directory, path);
    return read(path);
  };
  const parsed = (path: string, language: string, parse: (text: string) => unknown): unknown => {
    const text = textOf(path);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (cause) {
      throw new BuildError("SOURCE_INVALID", `${path} is not ${language}: ${reason(cause)}`, {
        cause,
        fields: { path },
      });
    }
  };
  return {
    directory,
    files,
    paths,
    newest,
    ignored,
    has: (path) => known.has(path),
    matching: (...patterns) => {
      const matching = new Patterns(patterns);
      return paths.filter((path) => matching.has(path));
    },
    text: textOf,
    json: (path) => parsed(path, "JSON", JSON.parse),
    toml: (path) => parsed(path, "TOML", parseToml),
  };
}

/** What is ignored by mistake would be in an image that others see. `SOURCE_INVALID` */
function patternsOf(name: string, text: string): readonly string[] {
  const patterns = parsePatterns(text);
  for (const pattern of patterns) {
    const fault = faultOfPattern(pattern);
    if (fault === undefined) continue;
    throw new BuildError(
      "SOURCE_INVALID",
      `${name} has ${JSON.stringify(pattern)}, which is no pattern: ${fault}`,
      {
        fields: { path: name, pattern },
      },
    );
  }
  return patterns;
}

/** The source may be anybody's: it shows what is in it, not what is elsewhere on this host. `SOURCE_INVALID` */
function requireInside(directory: string, path: string): void {
  let target: string;
  try {
    target = realpathSync(join(directory, path));
  } catch {
    return; // it leads nowhere: whoever reads it says so
  }
  if (target.startsWith(`${realpathSync(directory)}/`)) return;
  throw new BuildError("SOURCE_INVALID", `${path} is a link that leads out of the source`, {
    fields: { path },
  });
}

function readText(path: string): string | undefined {
  try {
    const status = statSync(path);
    if (!status.isFile()) return undefined; // a pipe or a device would be read for ever
    if (status.size > MAX_TEXT)
      throw new BuildError("SOURCE_INVALID", `${path} has more than ${MAX_TEXT} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EISDIR") return undefined;
    throw errnoOf(error) === undefined ? error : fileFault("read", path, error);
  }
}

/** In one line: TOML's parser draws the place below it. */
function reason(cause: unknown): string {
  const [line = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  const place = cause instanceof TomlError ? `, line ${cause.line}, column ${cause.column}` : "";
  return `${line}${place}`;
}
