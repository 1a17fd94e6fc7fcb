import { DEFAULT_LIMITS } from "@cooper/archive";
import type { PathString, TarEntry } from "@cooper/archive";
import { OciError } from "../errors.ts";
import { IMPLIED_DIRECTORY, Node } from "./node.ts";
import type { Inode, Metadata } from "./node.ts";

/** As Linux counts them (path_resolution(7)). */
const MAX_SYMLINKS = 40;

/**
 * The root filesystem as layers are applied to it, without the content of its files (image-spec,
 * layer.md): metadata replaces, directories merge, anything else replaces what was there; whiteouts
 * and opaque markers hide what lower layers brought, wherever in the tar they stand. A symlink in
 * the middle of a path is followed, inside the root, as umoci and containerd do.
 */
export class RootTree {
  readonly root: Node;
  readonly #maxDepth: number;
  /** The first layer that is looked at: what was there before it is the base. */
  readonly #from: number;
  #layer = -1;
  #whiteouts: { readonly directory: readonly PathString[]; readonly name: PathString | undefined }[] = [];

  constructor(from: number, maxDepth: number = DEFAULT_LIMITS.maxNesting) {
    this.#from = from;
    this.#maxDepth = maxDepth;
    this.root = new Node("", undefined, implied(0), -1);
  }

  beginLayer(): void {
    this.#layer += 1;
    if (this.#layer === this.#from) markBase(this.root);
  }

  /** Applies a member of the layer's tar, `ordinal` of them after its first. `INVALID_ROOTFS` */
  apply(entry: TarEntry, ordinal: number): void {
    const path = components(entry.path);
    const name = path.at(-1);
    if (name === undefined) {
      this.#applyRoot(entry, ordinal);
      return;
    }
    const directory = path.slice(0, -1);
    if (name.startsWith(".wh.")) {
      this.#addWhiteout(directory, name, entry);
      return;
    }
    const inode =
      entry.type === "hardlink"
        ? this.#target(entry)
        : { metadata: metadataOf(entry), layer: this.#layer, ordinal };
    this.#place(this.#makeDirectory(directory, entry), name, inode, entry);
  }

  /**
   * Whiteouts have an effect on lower layers only and come before the layer's own entries, whatever
   * their position (layer.md, Whiteouts): so they are applied last, to what the layer did not touch.
   */
  endLayer(): void {
    for (const { directory, name } of this.#whiteouts) {
      const parent = this.#find(directory);
      if (parent?.isDirectory !== true) continue;
      const targets = name === undefined ? [...parent.children.values()] : [parent.children.get(name)];
      for (const target of targets) if (target !== undefined) this.#hideLower(target);
    }
    this.#whiteouts = [];
  }

  #applyRoot(entry: TarEntry, ordinal: number): void {
    if (entry.type !== "directory") throw invalid(entry, "the root is a directory");
    this.root.inode = { metadata: metadataOf(entry), layer: this.#layer, ordinal };
    this.root.layer = this.#layer;
  }

  #addWhiteout(directory: readonly PathString[], name: PathString, entry: TarEntry): void {
    if (name === ".wh..wh..opq") {
      this.#whiteouts.push({ directory, name: undefined });
      return;
    }
    // What AUFS kept for itself, such as .wh..wh.plnk, means nothing to others.
    if (name.startsWith(".wh..wh.")) return;
    const hidden = name.slice(".wh.".length);
    if (hidden === "" || hidden === "." || hidden === "..")
      throw invalid(entry, "a whiteout must name something");
    this.#whiteouts.push({ directory, name: hidden });
  }

  #target(entry: TarEntry): Inode {
    const path = components(entry.linkPath);
    const name = path.at(-1);
    const node = name === undefined ? undefined : this.#find(path.slice(0, -1))?.children.get(name);
    if (node?.isPresent !== true)
      throw invalid(entry, `it is a hard link to ${quote(entry.linkPath)}, which is not there`);
    if (node.isDirectory) throw invalid(entry, `it is a hard link to the directory ${quote(entry.linkPath)}`);
    return node.inode;
  }

  #place(parent: Node, name: PathString, inode: Inode, entry: TarEntry): void {
    const there = parent.children.get(name);
    if (there === undefined) {
      if (parent.depth >= this.#maxDepth)
        throw invalid(entry, `it lies more than ${this.#maxDepth} directories deep`);
      parent.addChild(new Node(name, parent, inode, this.#layer));
      return;
    }
    if (there.isPresent && !(there.isDirectory && inode.metadata.type === "directory")) clear(there);
    there.isPresent = true;
    there.inode = inode;
    there.layer = this.#layer;
  }

  #makeDirectory(path: readonly PathString[], entry: TarEntry): Node {
    return (
      this.#walk(path, (parent, name) => {
        // A parent that is a file in a lower layer is replaced, as overlayfs shows it.
        this.#place(parent, name, implied(this.#layer), entry);
        return parent.children.get(name);
      }) ?? this.root
    );
  }

  #find(path: readonly PathString[]): Node | undefined {
    return this.#walk(path, () => undefined);
  }

  /** Goes down from the root; `missing` may supply the directory that is not there. */
  #walk(
    path: readonly PathString[],
    missing: (parent: Node, name: PathString) => Node | undefined,
  ): Node | undefined {
    let node = this.root;
    let links = 0;
    const ahead = path.toReversed();
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === "..") {
        node = node.parent ?? node;
        continue;
      }
      let child = node.children.get(name);
      if (child?.isPresent === true && child.inode.metadata.type === "symlink") {
        links += 1;
        if (links > MAX_SYMLINKS) throw loop(path);
        const { linkPath } = child.inode.metadata;
        if (linkPath.startsWith("/")) node = this.root;
        // Here ".." is meant as it stands, after symlinks were followed.
        ahead.push(...linkPath.split("/").filter(isMeant).toReversed());
        continue;
      }
      if (child?.isPresent !== true || !child.isDirectory) child = missing(node, name);
      if (child === undefined) return undefined;
      node = child;
    }
    return node;
  }

  /** Removes of a tree what lower layers brought; a directory stays if this layer has something in it. */
  #hideLower(node: Node): void {
    if (!node.isPresent) return;
    for (const child of node.children.values()) this.#hideLower(child);
    if (node.layer >= this.#layer) return;
    if ([...node.children.values()].some(({ isPresent }) => isPresent)) {
      node.inode = implied(this.#layer);
      node.layer = this.#layer;
    } else {
      remove(node);
    }
  }
}

function markBase(node: Node): void {
  node.isBase = true;
  for (const child of node.children.values()) markBase(child);
}

/** Base nodes are remembered, for the whiteouts that hide them. */
function remove(node: Node): void {
  clear(node);
  if (node.isBase) node.isPresent = false;
  else node.parent?.deleteChild(node.name);
}

function clear(node: Node): void {
  for (const child of node.children.values()) remove(child);
}

function implied(layer: number): Inode {
  return { metadata: IMPLIED_DIRECTORY, layer, ordinal: -1 };
}

/** Copied, since a member that is read also holds the memory of its whole chunk. */
function metadataOf(entry: TarEntry): Metadata {
  const { type, mode, uid, gid, size, mtime, linkPath, deviceMajor, deviceMinor, userName, groupName } =
    entry;
  const xattrs =
    entry.xattrs.size === 0
      ? IMPLIED_DIRECTORY.xattrs
      : new Map([...entry.xattrs].map(([name, value]) => [name, Buffer.from(value)]));
  return {
    type,
    mode,
    uid,
    gid,
    size,
    mtime,
    linkPath,
    deviceMajor,
    deviceMinor,
    userName,
    groupName,
    xattrs,
  };
}

/** A path's names from the root; ".." cannot leave it. */
function components(path: PathString): readonly PathString[] {
  const names: PathString[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (isMeant(name)) names.push(name);
  }
  return names;
}

function isMeant(name: PathString): boolean {
  return name !== "" && name !== ".";
}

function loop(path: readonly PathString[]): OciError {
  return new OciError("INVALID_ROOTFS", `${quote(path.join("/"))} leads through too many symlinks`, {
    fields: { path: path.join("/") },
  });
}

function invalid(entry: TarEntry, reason: string): OciError {
  return new OciError("INVALID_ROOTFS", `cannot apply ${quote(entry.path)}: ${reason}`, {
    fields: { path: entry.path },
    advice: "The layer is broken: whoever made the image must make it again.",
  });
}

function quote(path: PathString): string {
  return JSON.stringify(path.length > 300 ? `${path.slice(0, 300)}…` : path);
}
