import { posix } from "node:path";
import type { Program } from "../../native/choose-programs.ts";
import type { Source } from "../../project/source.ts";
import type { GoModule } from "./modules.ts";

/** Below these lies what is run while one works on the application, and not the application. */
const ASIDE =
  /(^|\/)(\.[^/]*|_[^/]*|testdata|vendor|examples?|tests?|tools?|hack|scripts?|docs?|third_party)(\/|$)/;

/**
 * The programs of modules, by the names of their directories or modules: in a module's root and its `cmd/`; where there are none, wherever there is a
 * package `main`.
 */
export function commandsOf(source: Source, modules: readonly GoModule[]): readonly Program[] {
  const directories = [...new Set(goFiles(source).map((path) => posix.dirname(path)))];
  const inModules = modules.map((module) => ({
    module,
    own: directories.filter((directory) => moduleIn(directory, modules) === module),
  }));
  const find = (isChosen: (directory: string, module: GoModule) => boolean): readonly Program[] =>
    inModules.flatMap(({ module, own }) =>
      own
        .filter((directory) => isChosen(directory, module) && isMain(source, directory))
        .map((directory) => ({ name: nameOf(directory, module), directory })),
    );
  const usual = find((directory, module) => {
    const below = posix.relative(module.directory, directory);
    return below === "" || /^cmd(\/[^/]+)?$/.test(below);
  });
  return usual.length > 0 ? usual : find((directory) => !ASIDE.test(directory));
}

/** Files that are compiled into programs, outside of what is vendored. */
export function goFiles(source: Source): readonly string[] {
  return source.paths.filter(
    (path) =>
      path.endsWith(".go") && !path.endsWith("_test.go") && !/(^|\/)(vendor|testdata|_[^/]*)\//.test(path),
  );
}

/** The module that a directory belongs to: the innermost. */
function moduleIn(directory: string, modules: readonly GoModule[]): GoModule | undefined {
  return modules
    .filter((module) => module.directory === "." || `${directory}/`.startsWith(`${module.directory}/`))
    .toSorted((a, b) => b.directory.length - a.directory.length)[0];
}

function isMain(source: Source, directory: string): boolean {
  return goFiles(source).some((path) => {
    if (posix.dirname(path) !== directory) return false;
    const text = source.text(path) ?? "";
    return /^package\s+main\b/m.test(text) && !/^\/\/(go:build|\s*\+build)\s+ignore\b/m.test(text);
  });
}

function nameOf(directory: string, module: GoModule): string {
  return directory === module.directory ? nameOfModule(module) : posix.basename(directory);
}

/** What the program at a module's root is called. */
export function nameOfModule({ path }: GoModule): string {
  const words = path.split("/");
  // example.com/shop/v2 and gopkg.in/shop.v2 are the programs shop.
  const last = /^v\d+$/.test(words.at(-1) ?? "") ? words.at(-2) : words.at(-1);
  return (last ?? "app").replace(/\.v\d+$/, "");
}
