import { dirname } from "node:path/posix";
import { DistroError } from "../../errors.ts";
import { type Below, isSameNode } from "../../rootfs/difference.ts";
import type { TreeNode } from "../../rootfs/node.ts";
import type { RootTree } from "../../rootfs/tree.ts";
import type { FileFact } from "../package/facts.ts";
import { placeOf } from "../package/layout.ts";
import type { Diversion } from "../script/commands/system.ts";
import { type InstalledPackage, replaces } from "./installed-package.ts";

/** Packages on their way into a tree, one after the other, as dpkg unpacks them. */
export class Unpacking {
  readonly #tree: RootTree;
  readonly #diversions: readonly Diversion[];
  readonly #below = new Map<string, TreeNode | "contested">();
  /** Whose each file is, by its place in the tree. */
  readonly #owners = new Map<string, InstalledPackage>();
  readonly #lost = new Map<InstalledPackage, Set<string>>();

  constructor(tree: RootTree, diversions: readonly Diversion[]) {
    this.#tree = tree;
    this.#diversions = diversions;
  }

  /** What the packages' layers give at each path. */
  get below(): Below {
    return this.#below;
  }

  /** Places of files that the package brought and another one owns now. */
  lostBy(installed: InstalledPackage): ReadonlySet<string> {
    return this.#lost.get(installed) ?? new Set();
  }

  /** Puts a package's files into the tree. `PACKAGE_CONFLICT` */
  add(installed: InstalledPackage, number: number): void {
    const own = new Map<string, TreeNode>();
    for (const fact of installed.facts.files) {
      const node = nodeOf(fact, number, own);
      own.set(fact.path, node);
      const before = this.#below.get(fact.path);
      const agrees = before === undefined || (before !== "contested" && isSameNode(before, node));
      this.#below.set(fact.path, agrees ? node : "contested");
      this.#place(installed, this.#divertedPath(fact.path, installed), node);
    }
  }

  #place(installed: InstalledPackage, path: string, node: TreeNode): void {
    const tree = this.#tree;
    tree.makeDirectory(dirname(path), { mode: 0o755, uid: 0, gid: 0, mtime: node.mtime });
    // An existing directory stays, also where a symlink leads to it, and whatever a later package says.
    if (node.type === "directory") {
      if (tree.directory(path) === undefined) this.#put(installed, path, { ...node, entries: new Map() });
    } else if (node.type !== "symlink" || tree.get(path, "keep")?.type !== "directory") {
      this.#put(installed, path, node);
    }
  }

  #put(installed: InstalledPackage, path: string, node: TreeNode): void {
    const found = this.#tree.find(path, "keep");
    const owner = found === undefined ? undefined : this.#owners.get(found.path);
    if (owner !== undefined && owner !== installed && found?.node !== undefined) {
      if (node.type !== "directory" && !replaces(installed, owner) && replaces(owner, installed)) {
        this.#lose(installed, path);
        return;
      }
      if (node.type === "directory" || !replaces(installed, owner)) throw conflict(path, owner, installed);
      this.#lose(owner, found.path);
    }
    if (found?.node?.type === "directory" && node.type !== "directory")
      throw conflict(path, owner, installed);
    const place = this.#tree.set(path, node);
    if (place === undefined) throw conflict(path, owner, installed);
    if (node.type !== "directory") this.#owners.set(place, installed);
  }

  #lose(installed: InstalledPackage, path: string): void {
    const lost = this.#lost.get(installed) ?? new Set();
    lost.add(path);
    this.#lost.set(installed, lost);
  }

  #divertedPath(path: string, installed: InstalledPackage): string {
    for (const { from, to, package: by } of this.#diversions) {
      if (by !== installed.solved.name && placeOf(from.slice(1)) === path) return placeOf(to.slice(1));
    }
    return path;
  }
}

function nodeOf(fact: FileFact, number: number, own: ReadonlyMap<string, TreeNode>): TreeNode {
  const { mode, uid, gid, mtime, size, offset, text, library } = fact;
  const attributes = { mode, uid, gid, mtime };
  const target = fact.type === "hardlink" ? own.get(fact.linkPath) : undefined;
  if (target !== undefined) return target;
  if (fact.type === "directory") return { ...attributes, type: "directory", entries: new Map() };
  if (fact.type === "symlink") return { ...attributes, type: "symlink", target: fact.linkPath };
  return { ...attributes, type: "file", content: { package: number, offset, size, text, library } };
}

function conflict(path: string, owner: InstalledPackage | undefined, other: InstalledPackage): DistroError {
  const first = owner?.label ?? "another package";
  return new DistroError(
    "PACKAGE_CONFLICT",
    `both ${first} and ${other.label} have /${path}, and neither replaces the other`,
    {
      advice: "Ask for only one of them, or for other versions.",
      fields: { path, package: other.label, other: first },
    },
  );
}
