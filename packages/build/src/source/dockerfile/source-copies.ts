import { Patterns } from "@cooper/engine";
import type { PlanCopy } from "../plan/plan.ts";
import type { Source } from "../project/source.ts";
import { copy } from "./instruction.ts";

/**
 * A copy of the source as a Dockerfile says it, which has no patterns that keep directories: files by
 * name, directories where all that is in them is taken.
 */
export function copiesOfSource(
  { source: from, target, include, exclude }: PlanCopy,
  source: Source,
): readonly string[] {
  if (include === undefined && exclude === undefined) return [copy([escaped(from)], `/${target}`)];
  const included = include === undefined ? undefined : new Patterns(include);
  const excluded = new Patterns(exclude ?? []);
  const root = from === "." ? "" : `${from}/`;
  const below = source.paths.flatMap((path) => (path.startsWith(root) ? [path.slice(root.length)] : []));
  const isTaken = (path: string): boolean => (included?.has(path) ?? true) && !excluded.has(path);
  const lines: string[] = [];
  const visit = (directory: string): void => {
    const children = below.filter((path) => parentOf(path) === directory);
    const files: string[] = [];
    for (const child of children) {
      const inside = below.filter((path) => path.startsWith(`${child}/`));
      if (inside.length === 0) {
        if (isTaken(child)) files.push(child);
      } else if (inside.every(isTaken)) {
        lines.push(copy([escaped(root + child)], `/${target}/${child}`));
      } else if (inside.some(isTaken)) visit(child);
    }
    const place = directory === "" ? `/${target}/` : `/${target}/${directory}/`;
    if (files.length > 0)
      lines.unshift(
        copy(
          files.map((file) => escaped(root + file)),
          place,
        ),
      );
  };
  visit("");
  return lines;
}

function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end === -1 ? "" : path.slice(0, end);
}

/** A name may have what is a pattern in a Dockerfile. */
function escaped(path: string): string {
  return path.replaceAll(/[[*?\\]/g, (found) => (found === "\\" ? String.raw`\\` : `[${found}]`));
}
