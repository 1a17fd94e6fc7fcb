import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { collect, fromBytes } from "./bytes.ts";
import { tally } from "./tally.ts";
import { observed } from "./verified.ts";

const HELLO = Buffer.from("hello, cooper");
const SHA256 = createHash("sha256").update(HELLO).digest("hex");
const SHA512 = createHash("sha512").update(HELLO).digest("hex");

test("bytes that pass a tally on their way are hashed once, and both who ask are told", async () => {
  const first = tally(fromBytes(HELLO));
  const onTheWay = observed(
    observed(first.stream, () => {}),
    () => {},
  );
  const second = tally(onTheWay);
  assert.equal(second.stream, onTheWay);
  assert.throws(() => second.hex(), { code: "UNFINISHED" });
  assert.deepEqual(await collect(second.stream, { limit: 99 }), HELLO);
  assert.deepEqual([first.hex(), first.size()], [SHA256, HELLO.length]);
  assert.deepEqual([second.hex(), second.size()], [SHA256, HELLO.length]);
});

test("another algorithm, or bytes that nobody said are the same, have a tally of their own", async () => {
  const first = tally(fromBytes(HELLO));
  const other = tally(first.stream, "sha512");
  const changed = tally(
    (async function* () {
      for await (const chunk of other.stream) yield chunk.subarray(1);
    })(),
  );
  const collected = await collect(changed.stream, { limit: 99 });
  assert.deepEqual([first.hex(), other.hex(), changed.size()], [SHA256, SHA512, HELLO.length - 1]);
  assert.equal(changed.hex(), createHash("sha256").update(collected).digest("hex"));
});
