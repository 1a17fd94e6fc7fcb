import type { Attributes, DirectoryNode, FileNode, TreeNode } from "./node.ts";

/** Links that are followed for one path before it is taken for a loop (as Linux does). */
const MAX_LINKS = 40;

/** How a path's last part is taken where it is a symlink. */
export type LastPart = "follow" | "keep";

/** A path as it was found: the place without any symlink on the way, and what is there. */
export interface Found {
  /** Without a slash at its beginning; "" is the root. */
  readonly path: string;
  readonly node: TreeNode | undefined;
}

/**
 * The files of an image while it is put together, in memory: what packages brought and what is made of
 * them. Paths are seen from the image's root, with or without a slash before them; symlinks on the way
 * are followed inside of it. Nodes are values: a change puts a new one in the place of the old.
 */
export class RootTree {
  readonly root: DirectoryNode;

  constructor(attributes: Attributes) {
    this.root = { type: "directory", ...attributes, entries: new Map() };
  }

  /** What is at a path; undefined where nothing is, or a part of the way is no directory. */
  get(path: string, last: LastPart = "follow"): TreeNode | undefined {
    return this.find(path, last)?.node;
  }

  /** The file at a path, through symlinks. */
  file(path: string): FileNode | undefined {
    const node = this.get(path);
    return node?.type === "file" ? node : undefined;
  }

  /** The directory at a path, through symlinks. */
  directory(path: string): DirectoryNode | undefined {
    const node = this.get(path);
    return node?.type === "directory" ? node : undefined;
  }

  /** The place a path leads to. Undefined where the way there is broken: a missing directory, a loop. */
  find(path: string, last: LastPart = "follow"): Found | undefined {
    const pending = partsOf(path).toReversed();
    const trail: string[] = [];
    const nodes: DirectoryNode[] = [this.root];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      const directory = nodes.at(-1);
      if (directory === undefined) return undefined;
      if (part === "..") {
        if (trail.length > 0) {
          trail.pop();
          nodes.pop();
        }
        continue;
      }
      const node = directory.entries.get(part);
      if (node?.type === "symlink" && (pending.length > 0 || last === "follow")) {
        if (++links > MAX_LINKS) return undefined;
        if (node.target.startsWith("/")) {
          trail.length = 0;
          nodes.length = 1;
        }
        pending.push(...partsOf(node.target).toReversed());
        continue;
      }
      if (pending.length === 0) return { path: [...trail, part].join("/"), node };
      if (node?.type !== "directory") return undefined;
      trail.push(part);
      nodes.push(node);
    }
    return { path: trail.join("/"), node: nodes.at(-1) };
  }

  /**
   * Puts a node at a path, in place of what is there; a symlink at the end is replaced and not followed.
   * Gives the place; undefined where there is no directory to put it in, or it would replace the root.
   */
  set(path: string, node: TreeNode): string | undefined {
    const found = this.find(path, "keep");
    if (found === undefined || found.path === "") return undefined;
    const { directory, name } = this.#parentOf(found.path);
    directory.entries.set(name, node);
    return found.path;
  }

  /** Changes some attributes of what is at a path, through symlinks. False where nothing is. */
  change(path: string, attributes: Partial<Attributes>): boolean {
    const found = this.find(path);
    if (found?.node === undefined) return false;
    if (found.path === "") return false;
    const { directory, name } = this.#parentOf(found.path);
    directory.entries.set(name, { ...found.node, ...attributes });
    return true;
  }

  /** Takes away what is at a path, with all below it; a symlink is not followed. False where nothing is. */
  remove(path: string): boolean {
    const found = this.find(path, "keep");
    if (found?.node === undefined || found.path === "") return false;
    const { directory, name } = this.#parentOf(found.path);
    return directory.entries.delete(name);
  }

  /** Makes a directory and those above it that are missing. Undefined where something else is in the way. */
  makeDirectory(path: string, attributes: Attributes): DirectoryNode | undefined {
    const there = this.directory(path);
    if (there !== undefined) return there;
    const parts = partsOf(path);
    let made: TreeNode | undefined = this.root;
    for (let length = 1; length <= parts.length; length++) {
      const part = parts.slice(0, length).join("/");
      made = this.get(part);
      if (made === undefined) {
        made = { type: "directory", ...attributes, entries: new Map() };
        if (this.set(part, made) === undefined) return undefined;
      }
      if (made.type !== "directory") return undefined;
    }
    return made.type === "directory" ? made : undefined;
  }

  /** Everything but the root, parents first, each directory's entries by name. */
  *walk(): Generator<{ readonly path: string; readonly node: TreeNode }> {
    yield* walkDirectory("", this.root);
  }

  #parentOf(place: string): { readonly directory: DirectoryNode; readonly name: string } {
    const parts = place.split("/");
    const name = parts.pop() ?? "";
    let directory = this.root;
    for (const part of parts) {
      const next = directory.entries.get(part);
      // A place that was found has only directories on its way.
      if (next?.type === "directory") directory = next;
    }
    return { directory, name };
  }
}

function* walkDirectory(
  path: string,
  directory: DirectoryNode,
): Generator<{ readonly path: string; readonly node: TreeNode }> {
  const names = [...directory.entries.keys()].toSorted(compareNames);
  for (const name of names) {
    const node = directory.entries.get(name);
    if (node === undefined) continue;
    const below = path === "" ? name : `${path}/${name}`;
    yield { path: below, node };
    if (node.type === "directory") yield* walkDirectory(below, node);
  }
}

/** By code units: the same everywhere. */
function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
