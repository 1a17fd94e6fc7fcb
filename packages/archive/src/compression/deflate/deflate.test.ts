import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";

import { sampleBytes } from "@cooper/test";
import * as fc from "fast-check";

import { deflate } from "./deflate.ts";
import { DEFLATED_MOST } from "./job.ts";

const END = Buffer.from([3, 0]);
const WINDOW = 32 * 1024;
const MOST = 1024 * 1024;

/** Deflates what follows `before`, and gives the whole back as zlib inflates it. */
async function roundTrip(
  content: Buffer,
  before: Buffer = Buffer.alloc(0),
): Promise<{ back: Buffer; size: number }> {
  const memory = new ArrayBuffer(before.length + content.length);
  Buffer.from(memory).set(before);
  Buffer.from(memory).set(content, before.length);
  const output = new ArrayBuffer(DEFLATED_MOST);
  const job = { memory, start: before.length, length: content.length, window: before.length, output };
  const { size, output: written } = await deflate(job);
  const dictionary = before.length > 0 ? { dictionary: before } : {};
  const stream = Buffer.concat([Buffer.from(written, 0, size), END]);
  return { back: inflateRawSync(stream, { ...dictionary, maxOutputLength: 2 * MOST }), size };
}

test("zlib inflates what was deflated, whatever it is", async () => {
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 60_000 }))
      .map(([unit, length]) => Buffer.alloc(length, unit)),
    fc
      .tuple(fc.nat(2_000_000), fc.nat(60_000))
      .map(([start, length]) => TEXT.subarray(start, start + length)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 8 }), fc.nat(WINDOW), async (list, window) => {
      const content = Buffer.concat(list).subarray(0, MOST);
      const { back } = await roundTrip(content, TEXT.subarray(0, window));
      assert.ok(back.equals(content));
    }),
    { numRuns: 150 },
  );
});

const TEXT = sampleBytes(3 * MOST);

const WHOLE_BLOCKS: Readonly<Record<string, Buffer>> = {
  "nothing but zeros": Buffer.alloc(MOST),
  "one byte": Buffer.from("x"),
  nothing: Buffer.alloc(0),
  noise: noise(MOST),
  "noise, then text": Buffer.concat([noise(MOST / 2), TEXT.subarray(0, MOST / 2)]),
  "text, then noise": Buffer.concat([TEXT.subarray(0, MOST / 2), noise(MOST / 2)]),
  "frequencies like Fibonacci's, whose codes are as long as can be": fibonacci(),
  "noise that comes again after exactly the window": Buffer.concat([noise(WINDOW), noise(WINDOW)]),
  "noise that comes again one byte too late": Buffer.concat([noise(WINDOW), Buffer.from("!"), noise(WINDOW)]),
  "all distances from 1 to 300": distances(),
};

for (const [name, content] of Object.entries(WHOLE_BLOCKS)) {
  test(`a block comes back: ${name}`, async () => {
    const { back, size } = await roundTrip(content);
    assert.ok(back.equals(content));
    assert.ok(size <= content.length + 5 * Math.ceil(content.length / 65_535) + 10, `${size} bytes`);
    const behindText = await roundTrip(content, TEXT.subarray(0, WINDOW));
    assert.ok(behindText.back.equals(content));
  });
}

test("the window before a block is used", async () => {
  const { size } = await roundTrip(TEXT.subarray(0, WINDOW), TEXT.subarray(0, WINDOW));
  assert.ok(size < 1500, `${size} bytes`);
});

test("blocks that wait for a thread come back each to who asked", async () => {
  const contents = Array.from({ length: 40 }, (_, index) => TEXT.subarray(index, index + 200_000 + index));
  const results = await Promise.all(contents.map(async (content) => await roundTrip(content)));
  for (const [index, { back }] of results.entries())
    assert.ok(back.equals(contents[index] ?? Buffer.alloc(0)));
});

/** Bytes without a pattern, the same each time. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0, state = 1; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

function fibonacci(): Buffer {
  const runs: Buffer[] = [];
  for (let value = 0, count = 1, next = 1; value < 24; value++, [count, next] = [next, count + next]) {
    runs.push(Buffer.alloc(count, value));
  }
  const sorted = Buffer.concat(runs);
  // Spread, so that hardly anything matches: the codes are for literals then.
  const spread = Buffer.alloc(sorted.length);
  for (let index = 0; index < sorted.length; index++)
    spread[(index * 61_813) % sorted.length] = sorted[index] ?? 0;
  return spread;
}

function distances(): Buffer {
  return Buffer.concat(
    Array.from({ length: 300 }, (_, index) => {
      const unit = noise(index + 1);
      return Buffer.concat([unit, unit, unit]);
    }),
  );
}
