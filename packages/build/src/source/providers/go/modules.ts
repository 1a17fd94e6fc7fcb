import { posix } from "node:path";
import { BuildError } from "../../../errors.ts";
import type { Source } from "../../project/source.ts";

/** A module of the application: its `go.mod`, as far as it matters here. */
export interface GoModule {
  /** In the source; `.` for its root. */
  readonly directory: string;
  readonly path: string;
  /** Paths of modules that it requires, also indirectly. */
  readonly requires: readonly string[];
}

/**
 * The modules of a source: those that `go.work` uses, else that of `go.mod`; where there is neither, one
 * that has its directory's name. `SOURCE_INVALID`
 */
export function modulesOf(source: Source): readonly GoModule[] {
  const workspace = source.text("go.work");
  if (workspace !== undefined) {
    return directivesOf(workspace, "use").map((line) => {
      const directory = posix.normalize(unquoted(line)).replace(/\/$/, "");
      const text = source.text(posix.join(directory, "go.mod"));
      if (text !== undefined) return moduleOf(directory, text);
      throw new BuildError("SOURCE_INVALID", `go.work uses ${directory}, and there is no go.mod in it`, {
        fields: { path: "go.work" },
        advice: "Build the directory that has all modules of the workspace, or remove the line.",
      });
    });
  }
  const text = source.text("go.mod");
  return [text === undefined ? { directory: ".", path: "app", requires: [] } : moduleOf(".", text)];
}

function moduleOf(directory: string, text: string): GoModule {
  const file = posix.join(directory, "go.mod");
  const [path] = directivesOf(text, "module");
  if (path === undefined) {
    throw new BuildError("SOURCE_INVALID", `${file} has no module line`, { fields: { path: file } });
  }
  const requires = directivesOf(text, "require").map((line) => unquoted(line.split(/\s+/)[0] ?? ""));
  return { directory, path: unquoted(path), requires };
}

/** What stands behind a word of go.mod or go.work, on one line or in a block. */
function directivesOf(text: string, word: string): readonly string[] {
  const found: string[] = [];
  let block: string | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/\/\/.*/, "").trim();
    if (line === "") continue;
    if (block !== undefined) {
      if (line === ")") block = undefined;
      else if (block === word) found.push(line);
      continue;
    }
    const [, first = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    if (rest === "(") block = first;
    else if (first === word) found.push(rest);
  }
  return found;
}

function unquoted(word: string): string {
  return word.replace(/^["`](.*)["`]$/, "$1");
}
