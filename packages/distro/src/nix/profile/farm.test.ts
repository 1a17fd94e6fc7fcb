import assert from "node:assert/strict";
import { test } from "node:test";
import { type Collision, type FarmDirectory, linkFarm } from "./farm.ts";
import type { StoreNode } from "./store-tree.ts";
import { StoreView } from "./store-view.ts";

/** Paths → `"file"` or a link's target; directories come of themselves. */
type Sketch = Readonly<Record<string, string>>;

function treeOf(sketch: Sketch): StoreNode {
  const root: StoreNode = { type: "directory", children: new Map() };
  for (const [path, what] of Object.entries(sketch)) {
    let { children } = root;
    const names = path.split("/");
    for (const name of names.slice(0, -1)) {
      const next = children.get(name) ?? {
        type: "directory" as const,
        children: new Map<string, StoreNode>(),
      };
      children.set(name, next);
      assert.ok(next.type === "directory");
      ({ children } = next);
    }
    children.set(names.at(-1) ?? "", what === "file" ? { type: "file" } : { type: "symlink", target: what });
  }
  return root;
}

interface Farm {
  /** `bin/a → /nix/store/…` */
  readonly lines: readonly string[];
  readonly collisions: readonly Collision[];
}

async function farmOf(asked: readonly string[], store: Readonly<Record<string, Sketch>>): Promise<Farm> {
  const view = new StoreView(async (base) => {
    const sketch = store[base];
    return sketch === undefined ? undefined : treeOf(sketch);
  });
  const packages = asked.map((name) => ({ name, storePath: `/nix/store/${name}` }));
  const collisions: Collision[] = [];
  const farm = await linkFarm(packages, view, (collision) => collisions.push(collision));
  return { lines: linesOf("", farm), collisions };
}

function linesOf(place: string, { children }: FarmDirectory): readonly string[] {
  return [...children].flatMap(([name, node]) => {
    const path = `${place}${name}`;
    return node.type === "link"
      ? [`${path} → ${node.target.replace("/nix/store/", "")}`]
      : [`${path}/`, ...linesOf(`${path}/`, node)];
  });
}

test("a directory that one package has is one link, one that several have holds the files of all", async () => {
  const { lines, collisions } = await farmOf(["a", "b"], {
    a: { "bin/a": "file", "share/doc/a/x": "file", "share/only/y": "file" },
    b: { "bin/b": "file", "share/doc/b/x": "file", "nix-support/setup": "file", top: "file" },
  });
  assert.deepEqual(lines, [
    "bin/",
    "bin/a → a/bin/a",
    "bin/b → b/bin/b",
    "share/",
    "share/doc/",
    "share/doc/a → a/share/doc/a",
    "share/doc/b → b/share/doc/b",
    "share/only → a/share/only",
  ]);
  assert.deepEqual(collisions, []);
});

test("below /etc all directories are their own, since those who run the image write there", async () => {
  const { lines } = await farmOf(["a"], { a: { "etc/ssl/certs/bundle": "file" } });
  assert.deepEqual(lines, [
    "etc/",
    "etc/ssl/",
    "etc/ssl/certs/",
    "etc/ssl/certs/bundle → a/etc/ssl/certs/bundle",
  ]);
});

test("the first that was asked for gives a path that several have, and the others are told of", async () => {
  const store = {
    a: { "bin/x": "file" },
    b: { "bin/x": "file", "bin/y": "file" },
    c: { "bin/x/inside": "file" },
  };
  const { lines, collisions } = await farmOf(["b", "a", "c"], store);
  assert.deepEqual(lines, ["bin/", "bin/x → b/bin/x", "bin/y → b/bin/y"]);
  assert.deepEqual(collisions, [
    { path: "/bin/x", taken: "b", left: "a" },
    { path: "/bin/x", taken: "b", left: "c" },
  ]);
  assert.equal((await farmOf(["c", "a"], store)).lines[1], "bin/x → c/bin/x");
});

test("links to directories are followed, also to other store paths; two ways to one file are no collision", async () => {
  const { lines, collisions } = await farmOf(["wrapper", "real"], {
    wrapper: {
      bin: "/nix/store/real/bin",
      sbin: "bin",
      lib: "../real/lib",
      "share/x": "/nix/store/real/share/x",
    },
    real: { "bin/tool": "file", "lib/z": "file", "share/x/y": "file" },
  });
  assert.deepEqual(lines, [
    "bin/",
    "bin/tool → real/bin/tool",
    "lib/",
    "lib/z → real/lib/z",
    "sbin/",
    "sbin/tool → real/bin/tool",
    "share/",
    "share/x → wrapper/share/x",
  ]);
  assert.deepEqual(collisions, []);
});

test("links that lead nowhere, round in a ring or out of the store are kept or left out, and end", async () => {
  const { lines } = await farmOf(["a"], {
    a: {
      "bin/gone": "/nix/store/none/x",
      "bin/ring": "ring",
      "bin/host": "/etc/passwd",
      lib: "/etc",
      share: "../../..",
      etc: "etc",
    },
  });
  assert.deepEqual(lines, [
    "bin/",
    "bin/gone → a/bin/gone",
    "bin/host → a/bin/host",
    "bin/ring → a/bin/ring",
  ]);
});
