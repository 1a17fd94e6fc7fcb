import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";

import { watchedStream } from "@cooper/test";

import { asBuffer, collect, discard, fromBytes } from "./bytes.ts";
import { fromReadable, toReadable } from "./node-stream.ts";
import { peek } from "./peek.ts";
import { tally } from "./tally.ts";
import { observed, verified, vouchedFor } from "./verified.ts";

const HELLO = Buffer.from("hello, world");
const HELLO_SHA256 = createHash("sha256").update(HELLO).digest("hex");
const hello = (): ReturnType<typeof watchedStream> =>
  watchedStream([HELLO.subarray(0, 5), HELLO.subarray(5)]);

test("collect gives all bytes, and none of an empty stream", async () => {
  assert.equal((await collect(fromBytes("a", new Uint8Array(0), "bc"), { limit: 3 })).toString(), "abc");
  assert.equal((await collect(fromBytes(), { limit: 0 })).length, 0);
});

test("collect stops at the limit and closes the source", async () => {
  const source = hello();
  await assert.rejects(collect(source, { limit: 4 }), { code: "LIMIT_EXCEEDED" });
  assert.deepEqual(source.state, { closed: true, given: 1 });
});

test("a Uint8Array seen as a Buffer is the same memory, also in the middle of another", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const buffer = asBuffer(bytes);
  buffer[0] = 9;
  assert.deepEqual([...bytes], [9, 3]);
});

test("peek loses nothing, whatever the chunks and however much is asked for", async () => {
  for (const length of [0, 1, 5, 6, 12, 99]) {
    const { head, stream } = await peek(hello(), length);
    assert.equal(head.toString(), HELLO.toString().slice(0, length));
    assert.equal((await collect(stream, { limit: 99 })).toString(), HELLO.toString());
  }
});

test("a peeked stream that nobody reads can be discarded, which closes the source", async () => {
  const source = hello();
  const { stream } = await peek(source, 1);
  await discard(stream);
  assert.equal(source.state.closed, true);
});

test("leaving a peeked stream early closes the source", async () => {
  const source = hello();
  const { stream } = await peek(source, 1);
  for await (const _ of stream) break;
  assert.equal(source.state.closed, true);
});

test("tally knows digest and size after the end, and says so before it", async () => {
  const { stream, hex, size } = tally(hello());
  assert.throws(hex, { code: "UNFINISHED" });
  await collect(stream, { limit: 99 });
  assert.equal(hex(), HELLO_SHA256);
  assert.equal(size(), HELLO.length);
  const long = tally(hello(), "sha512");
  await collect(long.stream, { limit: 99 });
  assert.equal(long.hex(), createHash("sha512").update(HELLO).digest("hex"));
});

test("verified gives what was promised", async () => {
  const digest = `sha256:${HELLO_SHA256}`;
  assert.equal(
    (await collect(verified(hello(), { digest, size: 12 }), { limit: 99 })).toString(),
    HELLO.toString(),
  );
  assert.equal((await collect(verified(hello(), { digest }), { limit: 99 })).toString(), HELLO.toString());
  const empty = `sha256:${createHash("sha256").digest("hex")}`;
  assert.equal((await collect(verified(fromBytes(), { digest: empty, size: 0 }), { limit: 0 })).length, 0);
});

test("what somebody vouches for is checked against another promise, and not against the same", async () => {
  const promised = { digest: `sha256:${HELLO_SHA256}`, size: 12 };
  const watched = observed(vouchedFor(fromBytes(Buffer.from("something else")), promised), () => {});
  assert.equal(verified(watched, promised), watched);
  const other = { digest: `sha256:${"0".repeat(64)}`, size: 12 };
  const checked = verified(vouchedFor(hello(), promised), other);
  await assert.rejects(collect(checked, { limit: 99 }), { code: "DIGEST_MISMATCH" });
});

test("verified throws in place of the end if a byte is missing, and closes the source", async () => {
  const source = hello();
  await assert.rejects(
    collect(verified(source, { digest: `sha256:${HELLO_SHA256}`, size: 13 }), { limit: 99 }),
    {
      code: "SIZE_MISMATCH",
    },
  );
  assert.equal(source.state.closed, true);
});

test("verified sees one byte too many, does not give it, and reads no further", async () => {
  const source = watchedStream([HELLO, Buffer.from("!"), Buffer.from("more"), Buffer.from("and more")]);
  const given: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of verified(source, { digest: `sha256:${HELLO_SHA256}`, size: 12 }))
        given.push(chunk);
    },
    { code: "SIZE_MISMATCH" },
  );
  assert.deepEqual(source.state, { closed: true, given: 2 });
  assert.equal(Buffer.concat(given).toString(), HELLO.toString());
});

test("verified throws in place of the end if a byte is another", async () => {
  const source = watchedStream([Buffer.from("hello, World")]);
  await assert.rejects(
    collect(verified(source, { digest: `sha256:${HELLO_SHA256}`, size: 12 }), { limit: 99 }),
    {
      code: "DIGEST_MISMATCH",
    },
  );
});

for (const digest of [
  "md5:d41d8cd98f00b204e9800998ecf8427e",
  "sha256:ABC",
  "sha256:",
  "sha256",
  "",
  "__proto__:00",
]) {
  test(`verified refuses the digest ${JSON.stringify(digest)} and closes the source`, async () => {
    const source = new Readable({ read() {} });
    await assert.rejects(collect(verified(source, { digest, size: 1 }), { limit: 9 }), {
      code: "DIGEST_UNSUPPORTED",
    });
    assert.equal(source.destroyed, true);
  });
}

test("a fault of the source passes through verified and tally as it is", async () => {
  const failure = new Error("the wire broke");
  const source = watchedStream([HELLO], failure);
  const checked = verified(tally(source).stream, { digest: `sha256:${HELLO_SHA256}`, size: 12 });
  await assert.rejects(collect(checked, { limit: 99 }), failure);
});

test("leaving the bytes of a Node stream early destroys it, also before the first chunk", async () => {
  const left = Readable.from([HELLO, HELLO]);
  for await (const _ of fromReadable(left)) break;
  assert.equal(left.destroyed, true);
  const unread = new Readable({ read() {} });
  await discard(fromReadable(unread));
  assert.equal(unread.destroyed, true);
});

test("a Node stream that is cut off without an end is an error and not an end", async () => {
  const cut = new Readable({ read() {} });
  cut.push(HELLO);
  setImmediate(() => cut.destroy());
  await assert.rejects(collect(fromReadable(cut), { limit: 99 }));
});

test("a Node stream of strings gives their bytes", async () => {
  const text = Readable.from(["ä"], { objectMode: false, encoding: "utf8" });
  assert.equal((await collect(fromReadable(text), { limit: 9 })).toString(), "ä");
});

test("destroying a Node stream that was made of bytes closes the source", async () => {
  const source = watchedStream([HELLO, HELLO, HELLO]);
  const readable = toReadable(source);
  await new Promise((resolve) => readable.once("data", resolve));
  readable.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(source.state.closed, true);
});

test("verified hashes nothing twice: what is checked already, also through observed, is given back", async () => {
  const promised = { digest: `sha256:${HELLO_SHA256}`, size: 12 };
  let seen = 0;
  const once = observed(verified(fromBytes(HELLO), promised), (length) => (seen += length));
  assert.equal(verified(once, { ...promised }), once);
  assert.deepEqual(await collect(once, { limit: 99 }), HELLO);
  assert.equal(seen, 12);
});

test("verified checks again where the promise is another, or where nobody has checked", async () => {
  const promised = { digest: `sha256:${HELLO_SHA256}`, size: 12 };
  const unchecked = observed(fromBytes(HELLO), () => {});
  assert.notEqual(verified(unchecked, promised), unchecked);
  const other = { ...promised, size: 13 };
  await assert.rejects(collect(verified(verified(fromBytes(HELLO), promised), other), { limit: 99 }), {
    code: "SIZE_MISMATCH",
  });
});
