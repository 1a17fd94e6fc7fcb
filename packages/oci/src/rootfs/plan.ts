import { comparePaths } from "@cooper/archive";
import type { Inode, Node } from "./node.ts";
import type { RootTree } from "./tree.ts";

/** Something to write when the member that it comes from passes. */
export interface Step {
  /** Which member of its layer's tar; -1 for what none names. */
  readonly ordinal: number;
  readonly inode: Inode;
  /** Where it goes: the first gets what it is, the others become hard links to that. */
  readonly nodes: readonly Node[];
  /** A name that the layers below still give the same inode: then all of `nodes` are hard links to it. */
  readonly linkTo?: Node | undefined;
}

/** What to write, by the layer that it comes from. */
export interface Plan {
  readonly layers: readonly (readonly Step[])[];
  /** Base nodes that are gone: each needs a whiteout. */
  readonly removed: readonly Node[];
}

/** What of the tree was put there by the layers from `from` to `to` (exclusive), in a fixed order. */
export function planOf(tree: RootTree, from: number, to: number): Plan {
  const layers: Step[][] = Array.from({ length: to }, () => []);
  const linked = new Map<Inode, Node[]>();
  const removed: Node[] = [];
  const visit = (node: Node): void => {
    if (!node.isPresent) {
      removed.push(node);
      return;
    }
    if (!node.isDirectory) {
      const nodes = linked.get(node.inode);
      if (nodes === undefined) linked.set(node.inode, [node]);
      else nodes.push(node);
      return;
    }
    if (node.layer >= from) {
      const { inode } = node;
      layers[inode.layer]?.push({ ordinal: inode.ordinal, inode, nodes: [node] });
    }
    for (const child of sortedChildren(node)) visit(child);
  };
  visit(tree.root);
  for (const [inode, nodes] of linked) {
    const touched = nodes.filter(({ layer }) => layer >= from);
    if (touched.length === 0) continue;
    const linkTo = nodes.find(({ layer }) => layer < from);
    layers[inode.layer]?.push({ ordinal: inode.ordinal, inode, nodes: touched, linkTo });
  }
  for (const steps of layers) steps.sort((a, b) => a.ordinal - b.ordinal);
  return { layers, removed };
}

/** Whether the layer's tar must be read again: all else is known. */
export function needsContent(steps: readonly Step[]): boolean {
  return steps.some(
    ({ inode, linkTo }) => linkTo === undefined && inode.metadata.type === "file" && inode.metadata.size > 0,
  );
}

function sortedChildren(node: Node): readonly Node[] {
  return [...node.children.values()].toSorted((a, b) => comparePaths(a.name, b.name));
}
