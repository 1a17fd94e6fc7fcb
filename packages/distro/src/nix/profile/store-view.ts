import type { PathString } from "@cooper/archive";
import { STORE_DIRECTORY } from "../store/store-path.ts";
import type { StoreNode } from "./store-tree.ts";

/** A place in the store, and what is there once symlinks are followed. */
export interface Found {
  /** The whole path, without symlinks. */
  readonly path: PathString;
  readonly node: Exclude<StoreNode, { readonly type: "symlink" }>;
}

/** As many as Linux follows. */
const MAX_SYMLINKS = 40;

/** The trees of a closure, seen as the store that they will be. Each is read when something leads there. */
export class StoreView {
  readonly #load: (base: string) => Promise<StoreNode | undefined>;
  readonly #trees = new Map<string, Promise<StoreNode | undefined>>();

  constructor(load: (base: string) => Promise<StoreNode | undefined>) {
    this.#load = load;
  }

  /** What a path leads to; undefined where that is nothing, is not in the store, or leads in a ring. */
  async find(path: PathString): Promise<Found | undefined> {
    const ahead = namesOf(path);
    const at: PathString[] = [];
    let node: StoreNode | undefined;
    const nodes: StoreNode[] = [];
    let links = 0;
    const depth = namesOf(STORE_DIRECTORY).length;
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === "..") {
        at.pop();
        nodes.pop();
        continue;
      }
      at.push(name);
      if (at.length <= depth) {
        if (!`${STORE_DIRECTORY}/`.startsWith(`/${at.join("/")}/`)) return undefined;
        nodes.push({ type: "directory", children: new Map() });
        continue;
      }
      const parent = nodes.at(-1);
      // oxlint-disable-next-line no-await-in-loop
      node = at.length === depth + 1 ? await this.#tree(name) : childOf(parent, name);
      if (node === undefined) return undefined;
      if (node.type === "symlink") {
        links += 1;
        if (links > MAX_SYMLINKS) return undefined;
        at.pop();
        if (node.target.startsWith("/")) {
          at.length = 0;
          nodes.length = 0;
        }
        ahead.push(...namesOf(node.target));
        continue;
      }
      nodes.push(node);
    }
    const last = nodes.at(-1);
    if (at.length <= depth || last === undefined || last.type === "symlink") return undefined;
    return { path: `/${at.join("/")}`, node: last };
  }

  async #tree(base: string): Promise<StoreNode | undefined> {
    const known = this.#trees.get(base);
    if (known !== undefined) return await known;
    const loading = this.#load(base);
    this.#trees.set(base, loading);
    return await loading;
  }
}

function childOf(parent: StoreNode | undefined, name: PathString): StoreNode | undefined {
  return parent?.type === "directory" ? parent.children.get(name) : undefined;
}

/** A path's names, the last one first. */
function namesOf(path: PathString): PathString[] {
  return path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .toReversed();
}
