import type { PlanCopy } from "./plan.ts";
import type { Source } from "../project/source.ts";

/** Directories that compiled programs usually read while they run. */
const DIRECTORIES = [
  "assets",
  "config",
  "configs",
  "data",
  "i18n",
  "locales",
  "migrations",
  "public",
  "resources",
  "static",
  "templates",
  "views",
  "web",
  "www",
] as const;

/**
 * Copies of those directories of a compiled application that it may read while it runs, without its
 * code: the image does not get the rest of the source. `within` are those that are in the program already.
 */
export function assetCopies(
  source: Source,
  { code, within = [] }: { readonly code: readonly string[]; readonly within?: readonly string[] },
): readonly PlanCopy[] {
  return DIRECTORIES.filter(
    (directory) =>
      source.matching(`${directory}/**`).some((path) => !isCode(path, code)) &&
      !within.some((path) => path === directory || path.startsWith(`${directory}/`)),
  ).map((directory) => ({
    from: "source",
    source: directory,
    target: `app/${directory}`,
    exclude: code.map((extension) => `**/*${extension}`),
  }));
}

/** Also a directory that has nothing but code: what has no ending is a directory or its like. */
function isCode(path: string, code: readonly string[]): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return !name.includes(".") || code.some((extension) => name.endsWith(extension));
}
