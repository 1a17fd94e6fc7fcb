import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileFault } from "@cooper/archive";
import { openMemory, parsePatterns, Patterns, scanLocal } from "@cooper/engine";
import { errnoOf } from "@cooper/sys";
import { BuildError } from "../errors.ts";

/** An application's files, as providers look at them: without what is ignored. */
export interface Source {
  readonly directory: string;
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

/** Looks at an application's directory. `home` is where what its files contained is remembered. */
export async function openSource(directory: string, home: string): Promise<Source> {
  const status = statSync(directory, { throwIfNoEntry: false });
  if (status?.isDirectory() !== true) {
    throw new BuildError("SOURCE_MISSING", `there is no directory ${directory}`, {
      kind: "usage",
      fields: { path: directory },
    });
  }
  const read = (path: string): string | undefined => readText(join(directory, path));
  const ignored = [...ALWAYS_IGNORED, ...IGNORE_FILES.flatMap((name) => parsePatterns(read(name) ?? ""))];
  const memory = openMemory(home, directory);
  const { files, newest } = await scanLocal(
    directory,
    { include: undefined, exclude: new Patterns(ignored) },
    memory,
  );
  memory.save();
  const paths = files.map(({ path }) => path);
  const known = new Set(paths);
  return {
    directory,
    paths,
    newest,
    ignored,
    has: (path) => known.has(path),
    matching: (...patterns) => {
      const matching = new Patterns(patterns);
      return paths.filter((path) => matching.has(path));
    },
    text: (path) => (known.has(path) ? read(path) : undefined),
    json: (path) => {
      const text = known.has(path) ? read(path) : undefined;
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text);
      } catch (cause) {
        throw new BuildError("SOURCE_INVALID", `${path} is not JSON: ${reason(cause)}`, {
          cause,
          fields: { path },
        });
      }
    },
  };
}

function readText(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    if (size > MAX_TEXT) throw new BuildError("SOURCE_INVALID", `${path} has more than ${MAX_TEXT} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EISDIR") return undefined;
    throw errnoOf(error) === undefined ? error : fileFault("read", path, error);
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
