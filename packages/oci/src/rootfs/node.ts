import type { PathString, TarEntry } from "@cooper/archive";

/** What a tar says of a member, without where it lies in the tree. */
export type Metadata = Omit<TarEntry, "path">;

/** A file, directory or anything else, under one name or, of hard links, under several. */
export interface Inode {
  readonly metadata: Metadata;
  /** Index of the layer that brought it. */
  readonly layer: number;
  /** Which member of that layer's tar it was; -1 for a directory that no member names. */
  readonly ordinal: number;
}

/** A name in the merged tree. */
export class Node {
  readonly name: PathString;
  readonly parent: Node | undefined;
  readonly depth: number;
  inode: Inode;
  /** Index of the layer that last put something under this name. */
  layer: number;
  /** False for what a layer removed that still has to be known: see `isBase`. */
  isPresent = true;
  /** Whether a layer below the range that is looked at had something under this name. */
  isBase = false;

  /** Made when it is needed: most names are files. */
  #children: Map<PathString, Node> | undefined;

  constructor(name: PathString, parent: Node | undefined, inode: Inode, layer: number) {
    this.name = name;
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.inode = inode;
    this.layer = layer;
  }

  get children(): ReadonlyMap<PathString, Node> {
    return this.#children ?? CHILDLESS;
  }

  addChild(child: Node): void {
    this.#children ??= new Map();
    this.#children.set(child.name, child);
  }

  deleteChild(name: PathString): void {
    this.#children?.delete(name);
  }

  get isDirectory(): boolean {
    return this.inode.metadata.type === "directory";
  }

  /** The path without a leading slash; the root's is ".". */
  get path(): PathString {
    const names: PathString[] = [];
    for (const node of lineage(this)) names.push(node.name);
    return names.length === 0 ? "." : names.toReversed().join("/");
  }
}

const CHILDLESS: ReadonlyMap<PathString, Node> = new Map();

/** A node and the directories it lies in, the nearest first, without the root. */
export function* lineage(start: Node): Generator<Node, void, undefined> {
  for (let node = start; node.parent !== undefined; node = node.parent) yield node;
}

/** What a directory is that has entries but is no entry itself: as umoci and containerd make it, at the epoch. */
export const IMPLIED_DIRECTORY: Metadata = {
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: { seconds: 0, nanoseconds: 0 },
  linkPath: "",
  deviceMajor: 0,
  deviceMinor: 0,
  userName: "",
  groupName: "",
  xattrs: new Map(),
};
