import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseJson, serializeJson } from "./index.ts";

const parse = (text: string | Uint8Array): unknown => parseJson(Buffer.from(text), "it");

test("what JSON can say comes back, whatever is in its strings", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      const value: unknown = JSON.parse(text);
      assert.deepEqual(parseJson(serializeJson(value), "it"), value);
    }),
  );
});

for (const [why, text] of [
  ["a key twice", '{"a":1,"a":1}'],
  ["a key twice, once escaped", '{"a":1,"\\u0061":2}'],
  ["a key twice, far inside", '[{"x":{"y":[{"k":"}","z":1,"k":2}]}}]'],
  ["a key twice around a string full of quotes", '{"a":"\\\\\\"{","b":1,"a":2}'],
  ["__proto__ twice", '{"__proto__":1,"__proto__":2}'],
  ["a byte order mark", '\ufeff{"a":1}'],
  ["something after its end", "{} {}"],
  ["nothing in it", ""],
  ["levels without end", "[".repeat(100) + "]".repeat(100)],
] as const) {
  test(`JSON with ${why} is refused`, () => {
    assert.throws(() => parse(text), { code: "INVALID_JSON" });
  });
}

test("JSON that is not UTF-8 is refused", () => {
  assert.throws(() => parse(Buffer.from([0x22, 0xff, 0x22])), { code: "INVALID_JSON" });
});

test("the same key in two objects is fine, and so is a string that looks like a key", () => {
  parse('{"a":{"a":1},"b":[{"a":1},{"a":2}],"c":"\\"a\\":","d":["a","a"]}');
});

test("a string of megabytes is read", () => {
  const text = JSON.stringify({ data: "A".repeat(3_000_000), next: "\\".repeat(100_000) });
  assert.deepEqual(parse(text), JSON.parse(text));
});
