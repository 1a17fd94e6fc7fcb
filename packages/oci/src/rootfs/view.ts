import { comparePaths, readTarBatches } from "@cooper/archive";
import type { ByteStream, PathString, TarEntry } from "@cooper/archive";
import { OciError } from "../errors.ts";
import type { Image, Layer } from "../model.ts";
import type { MergeOptions } from "./entries.ts";
import type { Node } from "./node.ts";
import { RootTree } from "./tree.ts";

/** As Linux counts them (path_resolution(7)). */
const MAX_SYMLINKS = 40;

/** Something in an image's merged root, and where it comes from. */
export interface RootFile extends TarEntry {
  /** Index of the layer that brought it; the base is 0. */
  readonly layer: number;
}

/** What a path's last part means where it is a symlink: what it leads to, or itself. */
export type LastLink = "follow" | "keep";

/** The files of an image as a container sees them: names and metadata in memory, content on demand. */
export interface RootView {
  /** `PATH_MISSING`, `INVALID_ROOTFS` for a loop of symlinks. */
  find(path: PathString, last: LastLink): RootFile;
  /** What a directory holds, or only the file itself, sorted by name. `PATH_MISSING` */
  list(path: PathString): readonly RootFile[];
  /** What is there and all below it, directories before what they hold. `PATH_MISSING` */
  walk(path: PathString): Generator<RootFile, void, undefined>;
  /** The content of a file. Its layer is read to the end, for only that proves it. `PATH_MISSING`, `NOT_A_FILE` */
  open(path: PathString): ByteStream;
}

/** Reads the headers of all layers of an image. `INVALID_ROOTFS`, `NOT_AN_IMAGE`, and what the layers throw. */
export async function viewRoot(image: Image, options: MergeOptions = {}): Promise<RootView> {
  await image.config(options); // an artifact has no files
  const layers = await image.layers(options);
  const tree = new RootTree(0, options.limits?.maxNesting);
  for (const layer of layers) {
    tree.beginLayer();
    let ordinal = 0;
    for await (const batch of readTarBatches(layer.tar(options), options)) {
      for (const member of batch) tree.apply(member, ordinal++);
    }
    tree.endLayer();
  }
  const { root } = tree;
  const find = (path: PathString, last: LastLink): Node => {
    const node = lookUp(root, path, last);
    if (node !== undefined) return node;
    throw new OciError("PATH_MISSING", `the image has no ${JSON.stringify(path)}`, { fields: { path } });
  };
  return {
    find: (path, last) => rootFile(find(path, last)),
    list: (path) => {
      const node = find(path, "follow");
      return node.isDirectory ? childrenOf(node).map(rootFile) : [rootFile(node)];
    },
    walk: function* (path) {
      for (const node of descend(find(path, "follow"))) yield rootFile(node);
    },
    open: (path) => {
      const node = find(path, "follow");
      if (node.inode.metadata.type === "file") return contentOf(node, layers, options);
      const { type } = node.inode.metadata;
      throw new OciError("NOT_A_FILE", `${JSON.stringify(path)} is a ${type}, not a file`, {
        fields: { path, type },
      });
    },
  };
}

function lookUp(root: Node, path: PathString, last: LastLink): Node | undefined {
  let node = root;
  let links = 0;
  const ahead = namesOf(path);
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === "..") {
      node = node.parent ?? node;
      continue;
    }
    const child = node.children.get(name);
    if (child?.isPresent !== true) return undefined;
    const { type, linkPath } = child.inode.metadata;
    if (type !== "symlink" || (ahead.length === 0 && last === "keep")) {
      node = child;
      continue;
    }
    links += 1;
    if (links > MAX_SYMLINKS) {
      throw new OciError("INVALID_ROOTFS", `${JSON.stringify(path)} leads through too many symlinks`, {
        fields: { path },
      });
    }
    if (linkPath.startsWith("/")) node = root;
    ahead.push(...namesOf(linkPath));
  }
  return node;
}

/** A path's names, the last one first. */
function namesOf(path: PathString): PathString[] {
  return path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .toReversed();
}

function* descend(node: Node): Generator<Node, void, undefined> {
  yield node;
  for (const child of childrenOf(node)) yield* descend(child);
}

function childrenOf(node: Node): readonly Node[] {
  const children = [...node.children.values()].filter(({ isPresent }) => isPresent);
  return children.toSorted((a, b) => comparePaths(a.name, b.name));
}

function rootFile(node: Node): RootFile {
  return { ...node.inode.metadata, path: node.path, layer: Math.max(0, node.inode.layer) };
}

async function* contentOf({ inode }: Node, layers: readonly Layer[], options: MergeOptions): ByteStream {
  const layer = layers[inode.layer];
  if (layer === undefined) throw new Error("unreachable: a file comes from a layer");
  let ordinal = 0;
  for await (const batch of readTarBatches(layer.tar(options), options)) {
    for (const member of batch) {
      if (ordinal++ === inode.ordinal) yield* member.content();
    }
  }
}
