import { isLibraryName, type SharedLibrary } from "./elf.ts";
import { type CachedLibrary, compareLibraryNames } from "./ld-so-cache.ts";
import { textOf, type TreeNode } from "./node.ts";
import { glob } from "./glob.ts";
import type { RootTree } from "./tree.ts";

/** A link that ldconfig makes because programs ask for that name. */
export interface MissingLink {
  readonly path: string;
  readonly target: string;
}

export interface FoundLibraries {
  readonly libraries: readonly CachedLibrary[];
  readonly missing: readonly MissingLink[];
}

/** Where ld.so looks without being told. */
const DEFAULT_DIRECTORIES = ["/lib", "/usr/lib"];
const MAX_INCLUDES = 50;

/**
 * The libraries that ld.so's cache is to have, found as ldconfig(8) does: in the directories that
 * /etc/ld.so.conf names and in the two that are always looked through, each library by its SONAME.
 */
export function findLibraries(tree: RootTree): FoundLibraries {
  const libraries: CachedLibrary[] = [];
  const missing: MissingLink[] = [];
  const seen = new Set<string>();
  for (const directory of [
    ...configured(tree, "etc/ld.so.conf", { left: MAX_INCLUDES }),
    ...DEFAULT_DIRECTORIES,
  ]) {
    const place = tree.find(directory)?.path;
    if (place === undefined || seen.has(place)) continue;
    seen.add(place);
    collectFrom(tree, directory, undefined, libraries, missing);
    const levels = tree.directory(`${directory}/glibc-hwcaps`)?.entries.keys() ?? [];
    for (const level of levels) {
      collectFrom(tree, `${directory}/glibc-hwcaps/${level}`, level, libraries, missing);
    }
  }
  return { libraries, missing };
}

/** Directories, one a line, and `include` with a pattern. */
function configured(tree: RootTree, path: string, budget: { left: number }): readonly string[] {
  const file = tree.file(path);
  if (file === undefined || budget.left-- <= 0) return [];
  return (textOf(file) ?? "").split("\n").flatMap((raw) => {
    const line = raw.replace(/#.*/, "").trim();
    if (!line.startsWith("include")) return line.startsWith("/") ? [line.replace(/\/+$/, "")] : [];
    const pattern = line.slice("include".length).trim();
    const absolute = pattern.startsWith("/") ? pattern : `/etc/${pattern}`;
    return glob(tree, [{ text: absolute, quoted: false }]).flatMap((found) =>
      configured(tree, found, budget),
    );
  });
}

interface Candidate {
  readonly name: string;
  readonly isLink: boolean;
  readonly library: SharedLibrary;
}

function collectFrom(
  tree: RootTree,
  directory: string,
  level: string | undefined,
  libraries: CachedLibrary[],
  missing: MissingLink[],
): void {
  const bySoname = new Map<string, Candidate>();
  const names = [...(tree.directory(directory)?.entries.keys() ?? [])].toSorted();
  for (const name of names) {
    if (!isLibraryName(name)) continue;
    const found = tree.find(`${directory}/${name}`);
    const library = libraryOf(found?.node);
    if (found === undefined || library === undefined) continue;
    const ownName = library.soname ?? name;
    const isLink = tree.get(`${directory}/${name}`, "keep")?.type === "symlink" && keepsLink(name, ownName);
    const soname = isLink ? name : ownName;
    const candidate = { name, isLink, library };
    const before = bySoname.get(soname);
    if (before === undefined || isBetter(candidate, before)) bySoname.set(soname, candidate);
  }
  for (const [soname, { name, isLink, library }] of bySoname) {
    // A level's library is found by its file's own name.
    libraries.push({ soname, path: `${directory}/${level === undefined ? soname : name}`, library, level });
    if (level !== undefined || isLink || soname.includes("/")) continue;
    const path = `${directory}/${soname}`;
    if (tree.get(path, "keep") === undefined) missing.push({ path, target: name });
  }
}

function libraryOf(node: TreeNode | undefined): SharedLibrary | undefined {
  return node?.type === "file" && "library" in node.content ? node.content.library : undefined;
}

/** A link stands for itself if it is the library's SONAME, or the shorter name that the linker takes. */
function keepsLink(name: string, soname: string): boolean {
  return name === soname || (name.endsWith(".so") && soname.startsWith(name));
}

/** A file before a link, the later version before the earlier. */
function isBetter(candidate: Candidate, before: Candidate): boolean {
  if (candidate.isLink !== before.isLink) return before.isLink;
  return compareLibraryNames(candidate.name, before.name) > 0;
}
