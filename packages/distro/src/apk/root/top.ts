import { type Cancellable, comparePaths, type PathString, type TarInput } from "@cooper/archive";
import { packageMembers } from "../package/members.ts";
import type { CheckedPackage } from "../package/fetch.ts";
import type { RootTree, TopNode } from "./root-tree.ts";

/**
 * The top layer's members: what packages disagree about, as it is to be, and all that was put upon
 * them. Directories come first, parents before what is in them, as their owners have them, so that no
 * layer says anything else of a directory; then the packages' files, then all others.
 */
export async function* topMembers(
  packages: readonly CheckedPackage[],
  tree: RootTree,
  created: number,
  options: Cancellable,
): AsyncGenerator<TarInput, void, undefined> {
  const nodes = [...disputedNodes(tree), ...tree.nodes.values()];
  yield* directories(nodes, tree, created);
  for (const one of packages) {
    const own = nodes.filter(({ from }) => from?.owner === one);
    if (own.length > 0) yield* restated(one, own, options);
  }
  const mtime = { seconds: created, nanoseconds: 0 };
  const others = nodes.filter(({ type, from }) => type !== "directory" && from === undefined);
  // Hard links come last: what they lead to is before them.
  for (const { path, type, bytes, linkPath, mode, uid, gid } of others.toSorted(byKindAndPath)) {
    yield { path, type, mode, uid, gid, mtime, bytes, linkPath };
  }
}

/** The files that count of those that packages disagree about. */
function disputedNodes({ claims, nodes }: RootTree): readonly TopNode[] {
  return [...claims]
    .filter(([path, { isDisputed }]) => isDisputed && !nodes.has(path))
    .map(([path, claim]) => {
      const { mode, uid, gid } = claim.file;
      const isDirectory = claim.file.type === "directory";
      return { path, type: isDirectory ? "directory" : "file", mode, uid, gid, from: claim };
    });
}

function byKindAndPath(a: TopNode, b: TopNode): number {
  const kind = Number(a.type === "hardlink") - Number(b.type === "hardlink");
  return kind === 0 ? comparePaths(a.path, b.path) : kind;
}

/** The directories among the nodes, and all that some node lies in. */
function* directories(
  nodes: readonly TopNode[],
  tree: RootTree,
  created: number,
): Generator<TarInput, void, undefined> {
  const wanted = new Set<PathString>();
  for (const { path, type } of nodes) {
    if (type === "directory") wanted.add(path);
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      wanted.add(path.slice(0, slash));
    }
  }
  for (const path of [...wanted].toSorted(comparePaths)) {
    const { mode = 0o755, uid = 0, gid = 0 } = tree.find(path) ?? {};
    const seconds = tree.claims.get(path)?.file.mtime ?? created;
    yield { path, type: "directory", mode, uid, gid, mtime: { seconds, nanoseconds: 0 } };
  }
}

/** A package's members that the top layer says again, under the names and with the owners they have there. */
async function* restated(
  package_: CheckedPackage,
  nodes: readonly TopNode[],
  options: Cancellable,
): AsyncGenerator<TarInput, void, undefined> {
  // What is a hard link may not lead to another layer's file: it is written out.
  const outputs = new Map<PathString, TopNode[]>();
  for (const node of nodes) {
    const file = node.from?.file;
    const source = file?.type === "hardlink" ? (file.linkPath ?? file.path) : node.path;
    outputs.set(source, [...(outputs.get(source) ?? []), node]);
  }
  for await (const member of packageMembers(package_, options)) {
    const [first, ...others] = outputs.get(member.path) ?? [];
    if (first === undefined || member.type === "hardlink" || member.type === "directory") continue;
    const { path, mode, uid, gid } = first;
    yield { ...member, path, mode, uid, gid };
    for (const other of others) {
      yield { path: other.path, type: "hardlink", linkPath: path, mode, uid, gid, mtime: member.mtime };
    }
  }
}
