import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { comparePaths, decodePath, encodePath } from "./path.ts";

test("any bytes come back from a path as they were", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) =>
      assert.deepEqual(encodePath(decodePath(bytes)), Buffer.from(bytes)),
    ),
  );
});

test("bytes near UTF-8 come back too: overlong, surrogates, beyond U+10FFFF, cut short", () => {
  for (const hex of [
    "c080",
    "eda080",
    "edbfbf",
    "f4908080",
    "f0808080",
    "e282",
    "f09f98",
    "80",
    "fe",
    "c3a9ff",
    "efbfbd",
    "f09f9880dc80",
  ]) {
    const bytes = Buffer.from(hex, "hex");
    assert.equal(encodePath(decodePath(bytes)).toString("hex"), hex);
  }
});

test("a well-formed string is its UTF-8", () => {
  assert.deepEqual(encodePath("é/😀"), Buffer.from("é/😀"));
  assert.equal(decodePath(Buffer.from("é/😀")), "é/😀");
});

test("an escaped byte is a lone low surrogate", () => {
  assert.equal(decodePath(Buffer.of(0x61, 0xff, 0xc3, 0xa9)), "a\udcffé");
});

test("half of a surrogate pair that stands for no byte is TAR_ENTRY_INVALID", () => {
  for (const path of ["\ud800", "a\udc00", "\udc7f", "\udfff"]) {
    assert.throws(() => encodePath(path), { code: "TAR_ENTRY_INVALID" });
  }
});

test("paths sort by the bytes of each component, as in a walk of the tree", () => {
  const sorted = [
    "a",
    "a/b",
    "a/b/c",
    "a/é",
    "a\u0001",
    "a b",
    "a-b",
    "a.b",
    "a0",
    "é",
    "\ue000",
    "\uffff",
    "😀",
    "\udcff",
  ];
  assert.deepEqual([...sorted].toReversed().toSorted(comparePaths), sorted);
});

function slashless(path: string): Buffer {
  return Buffer.from(encodePath(path).map((byte) => (byte === 0x2f ? 0 : Math.max(1, byte))));
}

test("paths sort as their bytes do when a slash is the least of them", () => {
  const path = fc.oneof(
    fc.uint8Array({ maxLength: 8 }).map((bytes) => decodePath(bytes)),
    fc.string({ unit: "binary", maxLength: 5 }),
    fc.constantFrom("a/b", "a-b", "a", "😀", "\uffff", "\udcf0", "\udcef\udcbf"),
  );
  fc.assert(
    fc.property(path, path, (a, b) => {
      if (a.includes("\0") || a.includes("\u0001") || b.includes("\0") || b.includes("\u0001")) return;
      assert.equal(Math.sign(comparePaths(a, b)), Buffer.compare(slashless(a), slashless(b)));
    }),
  );
});
