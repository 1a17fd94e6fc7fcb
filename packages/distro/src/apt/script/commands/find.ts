import { patternSource } from "../../../rootfs/glob.ts";
import type { TreeNode } from "../../../rootfs/node.ts";
import type { RootTree } from "../../../rootfs/tree.ts";
import type { Handler } from "../call.ts";

type Test = (path: string, node: TreeNode) => boolean;

/** find(1) with tests of type, name and depth, which prints; undefined for all else that it can do. */
export function findCommand(tree: RootTree): Handler {
  return ({ args, write }) => {
    const words = args.filter((arg) => !["-L", "-H", "-P", "-print"].includes(arg));
    const firstTest = words.findIndex((word) => /^[-(!]/.test(word));
    const roots = firstTest === -1 ? words : words.slice(0, firstTest);
    const tests = parseTests(firstTest === -1 ? [] : words.slice(firstTest));
    if (tests === undefined) return undefined;
    let failures = 0;
    for (const root of roots.length === 0 ? ["."] : roots) {
      const node = tree.get(root, "keep");
      if (node === undefined) failures++;
      else for (const path of walk(root, node, 0, tests)) write(`${path}\n`);
    }
    return Number(failures > 0);
  };
}

interface Tests {
  readonly tests: readonly Test[];
  readonly least: number;
  readonly most: number;
}

function parseTests(words: readonly string[]): Tests | undefined {
  const tests: Test[] = [];
  let least = 0;
  let most = Infinity;
  for (let at = 0; at < words.length; at += 2) {
    const option = words[at];
    const value = words[at + 1];
    const type = value === undefined ? undefined : TYPES[value];
    if (value === undefined) return undefined;
    if (option === "-type" && type !== undefined) {
      tests.push((_, node) => node.type === type);
    } else if (option === "-name") {
      const name = new RegExp(`^${patternSource([{ text: value, quoted: false }], "any")}$`, "s");
      tests.push((path) => name.test(path.slice(path.lastIndexOf("/") + 1)));
    } else if (option === "-maxdepth") {
      most = Number(value);
    } else if (option === "-mindepth") {
      least = Number(value);
    } else {
      return undefined;
    }
  }
  return { tests, least, most };
}

const TYPES: Readonly<Record<string, TreeNode["type"]>> = { f: "file", d: "directory", l: "symlink" };

function* walk(path: string, node: TreeNode, depth: number, options: Tests): Generator<string> {
  if (depth >= options.least && options.tests.every((test) => test(path, node))) yield path;
  if (node.type !== "directory" || depth >= options.most) return;
  for (const name of [...node.entries.keys()].toSorted()) {
    const child = node.entries.get(name);
    const below = path.endsWith("/") ? path + name : `${path}/${name}`;
    if (child !== undefined) yield* walk(below, child, depth + 1, options);
  }
}
