import { type PathString, type ByteStream } from "@cooper/archive";
import { readNar, type ReadNarOptions } from "../nar/reader.ts";

/** What a store path has in it, without content. */
export type StoreNode =
  | { readonly type: "file" }
  | { readonly type: "symlink"; readonly target: PathString }
  | StoreDirectory;

export interface StoreDirectory {
  readonly type: "directory";
  /** By name, sorted by the names' bytes. */
  readonly children: Map<PathString, StoreNode>;
}

/** The tree of an archive. `PACKAGE_INVALID` */
export async function readTree(stream: ByteStream, options: ReadNarOptions): Promise<StoreNode> {
  let root: StoreNode = { type: "file" };
  const directories = new Map<PathString, StoreDirectory>();
  for await (const { path, type, target } of readNar(stream, options)) {
    const node = nodeOf(type, target);
    if (node.type === "directory") directories.set(path, node);
    if (path === "") {
      root = node;
      continue;
    }
    const slash = path.lastIndexOf("/");
    directories.get(path.slice(0, Math.max(slash, 0)))?.children.set(path.slice(slash + 1), node);
  }
  return root;
}

function nodeOf(type: "file" | "directory" | "symlink", target: PathString): StoreNode {
  if (type === "directory") return { type, children: new Map() };
  return type === "symlink" ? { type, target } : { type };
}
