import type { RootTree } from "../../rootfs/tree.ts";

const PATH = ["usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin"];

/** Where a program is in the tree, by its name or its path. */
export function findProgram(tree: RootTree, name: string): string | undefined {
  const candidates = name.includes("/") ? [name] : PATH.map((directory) => `/${directory}/${name}`);
  return candidates.find((path) => ((tree.file(path)?.mode ?? 0) & 0o111) !== 0);
}
