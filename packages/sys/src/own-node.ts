/**
 * Whether a Node is the one that npm installs beside Cooper, by its path: built for glibc, and of all builds of its
 * version the one that Cooper is tried with.
 */
export function cameWithCooper(node: string): boolean {
  return node.endsWith(`/node-linux-${process.arch}/bin/node`);
}
