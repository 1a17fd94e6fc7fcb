import type { ByteStream, TarInput } from "@cooper/archive";
import type { DirectoryNode, FileNode, PackageBytes, TreeNode } from "./node.ts";
import type { RootTree } from "./tree.ts";

/**
 * What the layers below give at each path, whatever the order they lie in; `contested` where they say
 * different things of it.
 */
export type Below = ReadonlyMap<string, TreeNode | "contested">;

/** Gives the bytes of a package's member. */
export type ReadBytes = (bytes: PackageBytes) => ByteStream;

/**
 * The members of a layer that makes of the layers below what the tree is: all that differs, with the
 * directories above it, and a whiteout for what the tree does not have (OCI image-spec, layer.md).
 */
export function* difference(tree: RootTree, below: Below, read: ReadBytes): Generator<TarInput> {
  yield* differenceOf("", tree.root, { below, read, removed: namesRemoved(tree, below), linked: new Map() });
}

interface Scope {
  readonly below: Below;
  readonly read: ReadBytes;
  /** The names that are to be taken away, by the directory they are in. */
  readonly removed: ReadonlyMap<string, readonly string[]>;
  /** The first path at which a file was written, for its hard links. */
  readonly linked: Map<FileNode, string>;
}

/** A directory's own member is given only with something in it, or where it differs itself. */
function* differenceOf(path: string, directory: DirectoryNode, scope: Scope): Generator<TarInput> {
  const members = membersIn(path, directory, scope);
  let first = members.next();
  if (path !== "" && (first.done !== true || !isSame(directory, scope.below.get(path)))) {
    yield memberOf(path, directory, scope);
  }
  for (; first.done !== true; first = members.next()) yield first.value;
}

function* membersIn(path: string, directory: DirectoryNode, scope: Scope): Generator<TarInput> {
  const prefix = path === "" ? "" : `${path}/`;
  for (const name of scope.removed.get(path) ?? []) {
    yield { path: `${prefix}.wh.${name}`, type: "file", bytes: Buffer.alloc(0) };
  }
  for (const name of [...directory.entries.keys()].toSorted()) {
    const node = directory.entries.get(name);
    if (node === undefined) continue;
    const place = prefix + name;
    if (node.type === "directory") yield* differenceOf(place, node, scope);
    else if (!isSame(node, scope.below.get(place))) yield memberOf(place, node, scope);
  }
}

function memberOf(path: string, node: TreeNode, { read, linked }: Scope): TarInput {
  const { type, mode, uid, gid } = node;
  const shared = { path, mode, uid, gid, mtime: { seconds: node.mtime, nanoseconds: 0 } };
  if (type === "directory") return { ...shared, type };
  if (type === "symlink") return { ...shared, type, linkPath: node.target };
  const before = linked.get(node);
  if (before !== undefined) return { ...shared, type: "hardlink", linkPath: before };
  linked.set(node, path);
  const { content } = node;
  if ("bytes" in content) return { ...shared, type, bytes: content.bytes };
  return { ...shared, type, size: content.size, content: () => read(content) };
}

function isSame(node: TreeNode, below: TreeNode | "contested" | undefined): boolean {
  return below !== undefined && below !== "contested" && isSameNode(node, below);
}

/** A directory's time changes with what is put in it, and counts for nothing. */
export function isSameNode(a: TreeNode, b: TreeNode): boolean {
  if (a === b) return true;
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  if (a.type === "directory") return b.type === "directory";
  if (a.mtime !== b.mtime) return false;
  if (a.type === "symlink") return b.type === "symlink" && a.target === b.target;
  return b.type === "file" && a.content === b.content;
}

function namesRemoved(tree: RootTree, below: Below): ReadonlyMap<string, readonly string[]> {
  const removed = new Map<string, string[]>();
  for (const path of below.keys()) {
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(slash, 0));
    const found = tree.find(path, "keep");
    // What lies under a directory that is gone, or that is a link now, goes with it.
    if (found?.node !== undefined || found?.path !== path) continue;
    const names = removed.get(parent) ?? [];
    names.push(path.slice(slash + 1));
    removed.set(parent, names);
  }
  for (const names of removed.values()) names.sort();
  return removed;
}
