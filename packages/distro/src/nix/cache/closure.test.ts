import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStoreBase, type StorePath } from "../store/store-path.ts";
import { walkClosure } from "./closure.ts";
import type { Located } from "./find.ts";

function path(name: string): StorePath {
  const found = parseStoreBase(`${name.padEnd(32, "0")}-${name}`);
  assert.ok(found !== undefined);
  return found;
}

/** Paths by their names, which are letters of base 32, with the names of what they refer to. */
function finder(graph: Readonly<Record<string, string>>, asked: string[] = []) {
  return async ({ name }: StorePath): Promise<Located | undefined> => {
    asked.push(name);
    const references = graph[name];
    if (references === undefined) return undefined;
    return {
      narinfo: {
        path: path(name),
        url: "",
        compression: "none",
        fileHash: undefined,
        fileSize: undefined,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody looks at it here
        narHash: "" as Located["narinfo"]["narHash"],
        narSize: 1,
        references: Array.from(references, path),
        deriver: undefined,
        signatures: [],
      },
      cache: { address: "", priority: 0 },
      signedBy: undefined,
    };
  };
}

async function walk(graph: Readonly<Record<string, string>>, roots: string): Promise<string> {
  const closure = await walkClosure(Array.from(roots, path), finder(graph));
  return closure.map(({ narinfo }) => narinfo.path.name).join("");
}

test("what is needed comes before what needs it, and each path once", async () => {
  assert.equal(await walk({ a: "bc", b: "d", c: "d", d: "" }, "a"), "dbca");
  assert.equal(await walk({ a: "cb", b: "d", c: "d", d: "" }, "a"), "dbca");
  assert.equal(await walk({ a: "d", b: "d", d: "" }, "aba"), "dab");
});

test("a path may refer to itself", async () => {
  assert.equal(await walk({ a: "ab", b: "b" }, "a"), "ba");
});

test("paths that need each other are refused", async () => {
  await assert.rejects(walk({ a: "b", b: "c", c: "a" }, "a"), {
    code: "INDEX_INVALID",
    message: /need each other/,
  });
});

test("each path is asked for once, and who needs it is kept", async () => {
  const asked: string[] = [];
  const closure = await walkClosure([path("a")], finder({ a: "bc", b: "d", c: "d", d: "" }, asked));
  assert.equal(asked.toSorted().join(""), "abcd");
  assert.deepEqual(
    closure.map(({ narinfo, neededBy, dependents }) => [narinfo.path.name, neededBy?.name, dependents]),
    [
      ["d", "b", 2],
      ["b", "a", 1],
      ["c", "a", 1],
      ["a", undefined, 0],
    ],
  );
});

test("what no cache has is named with what needs it, and the walk is bounded", async () => {
  await assert.rejects(walk({ a: "b" }, "a"), {
    code: "NOT_FOUND",
    message: /no cache has .*-b, which a needs/,
  });
  await assert.rejects(walkClosure([path("a")], finder({ a: "bcd", b: "", c: "", d: "" }), { limit: 3 }), {
    code: "UNSOLVABLE",
  });
});
