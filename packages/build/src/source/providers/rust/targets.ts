import { posix } from "node:path";
import type { Program } from "../../native/choose-programs.ts";
import type { Source } from "../../project/source.ts";
import type { Crate } from "./manifest.ts";

/** The programs of a package, as Cargo finds them: `[[bin]]`, src/main.rs, src/bin. */
export function programsOf(source: Source, crate: Crate): readonly Program[] {
  const { manifest, directory } = crate;
  const declared = manifest.bin ?? [];
  const names = new Set(
    declared.flatMap(({ name, path }) => name ?? (path === undefined ? [] : posix.basename(path, ".rs"))),
  );
  if (manifest.package?.autobins !== false) {
    const taken = new Set(declared.map(({ path }) => path));
    if (source.has(posix.join(directory, "src/main.rs")) && !taken.has("src/main.rs")) names.add(crate.name);
    for (const path of rootFilesIn(source, crate, "src/bin")) {
      if (!taken.has(path)) names.add(nameOfFile(path));
    }
  }
  return [...names].map((name) => ({ name, directory }));
}

/** The files without which Cargo takes the packages for none, in the source. */
export function rootFilesOf(source: Source, crates: readonly Crate[]): readonly string[] {
  return crates.flatMap((crate) => {
    const { manifest, directory } = crate;
    const { lib, bin = [], example = [], test = [], bench = [] } = manifest;
    const declared = [lib, ...bin, ...example, ...test, ...bench].flatMap((target) => target?.path ?? []);
    const build = manifest.package?.build;
    const usual = [
      "src/lib.rs",
      "src/main.rs",
      typeof build === "string" ? build : "build.rs",
      ...["src/bin", "examples", "tests", "benches"].flatMap((folder) => rootFilesIn(source, crate, folder)),
    ].filter((path) => source.has(posix.join(directory, path)));
    return [...new Set([...declared, ...usual])].map((path) => posix.join(directory, path)).toSorted();
  });
}

/** `NAME.rs` and `NAME/main.rs` of a folder of a package. */
function rootFilesIn(source: Source, { directory }: Crate, folder: string): readonly string[] {
  const place = posix.join(directory, folder);
  return source.paths
    .filter((path) => path.startsWith(`${place}/`))
    .map((path) => path.slice(place.length + 1))
    .filter((path) => /^[^/]+(\/main)?\.rs$/.test(path))
    .map((path) => `${folder}/${path}`);
}

function nameOfFile(path: string): string {
  const [first = "", second] = path.split("/").slice(2);
  return second === undefined ? posix.basename(first, ".rs") : first;
}
