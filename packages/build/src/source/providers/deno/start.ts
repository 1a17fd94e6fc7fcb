import type { Source } from "../../project/source.ts";
import type { DenoConfiguration } from "./configuration.ts";

const NAMES = ["main", "server", "index", "app", "mod", "src/main", "src/server", "src/index"] as const;
const EXTENSIONS = ["ts", "tsx", "js", "jsx", "mts", "mjs"] as const;
const PLAIN = /^[\w./@:=,+-]+$/;
/** For whoever writes the program. */
const DEVELOPMENT = /^--watch(=.*)?$|^--watch-hmr(=.*)?$/;

/** The module that the application begins with, as far as files say. */
export function entryOf(source: Source, { tasks, exports }: DenoConfiguration): string | undefined {
  const words = (tasks?.["start"] ?? "").split(/\s+/);
  const candidates = [
    ...words,
    ...(typeof exports === "string" ? [exports] : []),
    ...NAMES.flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`)),
  ].map((path) => path.replace(/^\.\//, ""));
  return candidates.find((path) => /\.[cm]?[jt]sx?$/.test(path) && source.has(path));
}

/**
 * How it is started: by the task `start`, as one program where that is one; else its first module, which
 * `deno serve` runs where it exports what answers. Deno has a shell of its own for tasks, so that the image
 * needs none.
 */
export function startOf(source: Source, configuration: DenoConfiguration): readonly string[] | undefined {
  const task = configuration.tasks?.["start"];
  if (task !== undefined) return startOfTask(task);
  const entry = entryOf(source, configuration);
  if (entry === undefined) return undefined;
  const text = source.text(entry) ?? "";
  if (!/\bDeno\.serve\(|\.listen\(/.test(text) && /^export default\b/m.test(text)) {
    return ["deno", "task", "--eval", `deno serve --allow-all --host 0.0.0.0 --port $PORT ${entry}`];
  }
  return ["deno", "run", "--allow-all", entry];
}

/** What a task does, without its runner where it is one call of Deno with plain words. */
function startOfTask(task: string): readonly string[] {
  const words = task
    .trim()
    .split(/\s+/)
    .filter((word) => !DEVELOPMENT.test(word));
  const isPlain =
    words[0] === "deno" && /^(run|serve)$/.test(words[1] ?? "") && words.every((word) => PLAIN.test(word));
  return isPlain ? words : ["deno", "task", "start"];
}
