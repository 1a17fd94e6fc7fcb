import assert from "node:assert/strict";
import { test } from "node:test";
import { type ByteStream, collect, fromBytes } from "@cooper/archive";
import { alongside } from "./alongside.ts";

const CHUNKS = ["one", "two", "", "three"];
const LIMIT = { limit: 1000 };

async function paced(stream: ByteStream, pace: "slow" | "quick"): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    if (pace === "slow") await new Promise(setImmediate);
    text += Buffer.from(chunk).toString();
  }
  return text;
}

async function* brokenOff(): ByteStream {
  yield Buffer.from("one");
  throw new Error("broken off");
}

test("both readers see all bytes in order, whichever is slower", async () => {
  for (const slow of ["first", "second"]) {
    let other: Promise<string> | undefined;
    const stream = alongside(
      fromBytes(...CHUNKS),
      async (bytes) => await (other = paced(bytes, slow === "second" ? "slow" : "quick")),
    );
    assert.equal(await paced(stream, slow === "first" ? "slow" : "quick"), "onetwothree");
    assert.equal(await other, "onetwothree");
  }
});

test("a reader that stops or fails does not hold the stream back", async () => {
  const stopping = alongside(fromBytes(...CHUNKS), async (bytes) => {
    for await (const chunk of bytes) return chunk;
    return undefined;
  });
  assert.equal((await collect(stopping, LIMIT)).toString(), "onetwothree");
  const failing = alongside(fromBytes(...CHUNKS), async () => {
    await Promise.reject(new Error("no index"));
  });
  assert.equal((await collect(failing, LIMIT)).toString(), "onetwothree");
});

test("the fault of a stream is its reader's to see, and ends what the other reads", async () => {
  let seen = "";
  const stream = alongside(brokenOff(), async (bytes) => {
    seen = (await collect(bytes, LIMIT)).toString();
  });
  await assert.rejects(collect(stream, LIMIT), /broken off/);
  assert.equal(seen, "one");
});

test("whoever leaves the stream ends it for the other", async () => {
  let seen = "";
  const stream = alongside(fromBytes(...CHUNKS), async (bytes) => {
    seen = (await collect(bytes, LIMIT)).toString();
  });
  for await (const _ of stream) break;
  assert.equal(seen, "one");
});
