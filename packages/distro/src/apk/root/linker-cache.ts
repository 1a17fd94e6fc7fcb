import type { PathString } from "@cooper/archive";
import { findLibraries } from "../../rootfs/find-libraries.ts";
import { encodeLdSoCache } from "../../rootfs/ld-so-cache.ts";
import { type FileNode, latin1OfPath, pathOfLatin1 } from "../../rootfs/node.ts";
import { RootTree as PlainTree } from "../../rootfs/tree.ts";
import type { Claim, Ownership } from "./ownership.ts";
import type { NewFile } from "./root-tree.ts";

const CACHE = "etc/ld.so.cache";
/** glibc's own linker. musl's needs no cache. */
const LINKER = /(?:^|\/)ld(?:-linux[\w-]*|64)\.so\.\d+$/u;
const CONFIGURATION = /^etc\/ld\.so\.conf(?:\.d\/[^/]+)?$/u;

/** The files that say where libraries are, where there is a linker that has to be told. */
export function linkerConfiguration(claims: Ownership): readonly Claim[] {
  if (![...claims.keys()].some((path) => LINKER.test(path))) return [];
  return [...claims.values()].filter(({ file }) => CONFIGURATION.test(file.path));
}

/** What `ldconfig` would write: the cache, and the links that programs ask for. */
export function linkerCache(
  claims: Ownership,
  contents: ReadonlyMap<PathString, Buffer>,
  architecture: string,
): readonly NewFile[] {
  if (![...claims.keys()].some((path) => LINKER.test(path))) return [];
  const { libraries, missing } = findLibraries(plainTree(claims, contents));
  const order = architecture === "s390x" ? "big" : "little";
  return [
    ...missing.map(({ path, target }) => ({
      path: pathOfLatin1(path.replace(/^\/+/u, "")),
      target: pathOfLatin1(target),
    })),
    { path: CACHE, bytes: encodeLdSoCache(libraries, order) },
  ];
}

const ATTRIBUTES = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

/** The directories, links, libraries and settings alone: all that finding libraries looks at. */
function plainTree(claims: Ownership, contents: ReadonlyMap<PathString, Buffer>): PlainTree {
  const tree = new PlainTree(ATTRIBUTES);
  for (const [name, { file }] of [...claims].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const path = latin1OfPath(name);
    if (file.type === "directory") {
      tree.makeDirectory(path, ATTRIBUTES);
      continue;
    }
    const text = contents.get(name);
    const isWanted = file.type === "symlink" || file.library !== undefined || text !== undefined;
    if (!isWanted) continue;
    tree.makeDirectory(path.slice(0, Math.max(0, path.lastIndexOf("/"))), ATTRIBUTES);
    if (file.type === "symlink") {
      tree.set(path, { type: "symlink", ...ATTRIBUTES, target: latin1OfPath(file.linkPath ?? "") });
      continue;
    }
    const content: FileNode["content"] =
      text === undefined
        ? { package: 0, offset: 0, size: file.size, text: undefined, library: file.library }
        : { bytes: text };
    tree.set(path, { type: "file", ...ATTRIBUTES, content });
  }
  return tree;
}
