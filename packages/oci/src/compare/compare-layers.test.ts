import assert from "node:assert/strict";
import { test } from "node:test";
import { type TarInput, writeTar } from "@cooper/archive";
import { makeLayer } from "../make-layer.ts";
import type { Layer } from "../model.ts";
import { compareLayers } from "./compare-layers.ts";

function layerOf(...members: readonly TarInput[]): Layer {
  return makeLayer({ tar: () => writeTar(members), compression: "none" });
}

const time = (seconds: number): TarInput["mtime"] => ({ seconds, nanoseconds: 0 });
const FILE = { path: "a", type: "file", bytes: Buffer.from("one"), mode: 0o644 } as const;

test("the same layers have no difference", async () => {
  const layer = layerOf({ path: "d", type: "directory" }, FILE);
  assert.deepEqual(await compareLayers(layer, layer), { members: [], order: "same" });
});

test("every fact of a member that differs is named, with what it is in both", async () => {
  const changed = { ...FILE, mode: 0o755, uid: 7, gid: 8, mtime: time(5) };
  const { members } = await compareLayers(layerOf(FILE), layerOf(changed));
  assert.deepEqual(members, [
    {
      path: "a",
      kind: "differs",
      facts: [
        { name: "mode", first: "0644", second: "0755" },
        { name: "owner", first: "0:0", second: "7:8" },
        { name: "time", first: "0", second: "5" },
      ],
    },
  ]);
});

test("of content, the first byte that differs is found, also far into a file", async () => {
  const bytes = Buffer.alloc(200_000, "x");
  const other = Buffer.from(bytes);
  other.write("DIFFERENT", 150_001);
  const { members } = await compareLayers(layerOf({ ...FILE, bytes }), layerOf({ ...FILE, bytes: other }));
  assert.deepEqual(members, [
    {
      path: "a",
      kind: "differs",
      facts: [
        {
          name: "content",
          first: `"${"x".repeat(24)}"`,
          second: `"DIFFERENT${"x".repeat(15)}"`,
          offset: 150_001,
        },
      ],
    },
  ]);
});

test("a file that is longer differs where the other one ends, in size too", async () => {
  const { members } = await compareLayers(
    layerOf(FILE),
    layerOf({ ...FILE, bytes: Buffer.from("one more") }),
  );
  const [member] = members;
  assert.ok(member?.kind === "differs");
  assert.deepEqual(member.facts, [
    { name: "size", first: "3", second: "8" },
    { name: "content", first: "its end", second: '" more"', offset: 3 },
  ]);
});

test("what only one has is told of, and another order of the same members", async () => {
  const b = { ...FILE, path: "b" };
  const c = { ...FILE, path: "c" };
  assert.deepEqual((await compareLayers(layerOf(FILE, b), layerOf(FILE, c))).members, [
    { path: "b", kind: "only-in-first" },
    { path: "c", kind: "only-in-second" },
  ]);
  assert.deepEqual(await compareLayers(layerOf(b, c), layerOf(c, b)), { members: [], order: "differs" });
});
