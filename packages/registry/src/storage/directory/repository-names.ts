import { readdirSync } from "node:fs";
import { join } from "node:path";
import { unlessMissing } from "./files.ts";

/**
 * The repositories under a directory that hold a manifest, in the byte order of their full names,
 * without reading what comes before `after`.
 *
 * `a` and what is below `a/` do not stand together in that order: `a-b` comes between. So a
 * directory takes two places among its siblings, one as `a` and one as `a/`.
 */
export function* repositoryNames(root: string, after: string | undefined, prefix = ""): Iterable<string> {
  const entries = unlessMissing(() => readdirSync(join(root, prefix), { withFileTypes: true })) ?? [];
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map(({ name }) => name);
  const places = names.flatMap((name) => [`${prefix}${name}`, `${prefix}${name}/`]).toSorted();
  for (const place of places) {
    if (place.endsWith("/")) {
      const isPast = after !== undefined && place < after && !after.startsWith(place);
      if (!isPast) yield* repositoryNames(root, after, place);
    } else if ((after === undefined || place > after) && hasManifest(join(root, place, "_manifests"))) {
      yield place;
    }
  }
}

function hasManifest(directory: string): boolean {
  const algorithms = unlessMissing(() => readdirSync(directory)) ?? [];
  return algorithms.some((algorithm) =>
    readdirSync(join(directory, algorithm)).some((name) => !name.startsWith(".")),
  );
}
