import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { piecesOf, sampleBytes, watchedStream } from "@cooper/test";

import { collect, fromBytes } from "../bytes.ts";
import type { ByteStream } from "../bytes.ts";
import type { Limits } from "../limits.ts";
import { verified } from "../verified.ts";
import { decompress } from "./decompress.ts";
import { detectCompression } from "./detect.ts";

const LIMIT = 2 ** 27;

async function drain(stream: ByteStream): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.byteLength;
  return size;
}

const HEADS: readonly (readonly [string, string, string])[] = [
  ["gzip", "1f8b0800000000000003", "gzip"],
  ["gzip of a method that there is not", "1f8b0700000000000003", "none"],
  ["zstd", "28b52ffd", "zstd"],
  ["a skippable frame of zstd", "5f2a4d1800000000", "zstd"],
  ["xz", "fd377a585a00", "xz"],
  ["bzip2", "425a6839314159265359", "bzip2"],
  ["an empty bzip2", "425a6839177245385090", "bzip2"],
  ["a tar whose first name begins with BZh9", "425a68392e7478740000", "none"],
  ["nothing", "", "none"],
  ["one byte of gzip's magic number", "1f", "none"],
  ["zeros", "00000000000000000000", "none"],
];

for (const [what, hex, expected] of HEADS) {
  test(`${what} is detected as ${expected}, and no byte is lost`, async () => {
    const bytes = Buffer.from(hex, "hex");
    for (const chunks of [[bytes], [...piecesOf(bytes, [1])]]) {
      const { compression, stream } = await detectCompression(fromBytes(...chunks));
      assert.equal(compression, expected);
      assert.deepEqual(await collect(stream, { limit: 99 }), bytes);
    }
  });
}

test("bytes that are not compressed are given as they are", async () => {
  const bytes = sampleBytes(200_000);
  assert.ok(bytes.equals(await collect(decompress(fromBytes(bytes)), { limit: LIMIT })));
  assert.equal(await drain(decompress(fromBytes())), 0);
});

/** Zeros in each form: 64 MiB out of little. */
const ZEROS = Buffer.alloc(2 ** 26);
const ZSTD_RUN = Buffer.from([0x02 | ((0x20000 << 3) & 0xff), 0x00, 0x10, 0]);
const BOMBS: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(ZEROS),
  "gzip of many small members": Buffer.concat(
    Array.from({ length: 300 }, () => gzipSync(Buffer.alloc(200_000))),
  ),
  zstd: zstdCompressSync(ZEROS),
  "zstd of many small frames": Buffer.concat(
    Array.from({ length: 300 }, () => zstdCompressSync(Buffer.alloc(200_000))),
  ),
  // A window of 128 KiB and 2000 blocks, each one byte repeated 131072 times.
  "zstd of endless runs": Buffer.concat([
    Buffer.from("28b52ffd0038", "hex"),
    ...Array<Buffer>(2000).fill(ZSTD_RUN),
  ]),
};

for (const [what, bomb] of Object.entries(BOMBS)) {
  const stopped = async (limits: Partial<Limits>, name: string): Promise<void> => {
    const source = watchedStream([bomb]);
    let given = 0;
    await assert.rejects(
      async () => {
        for await (const chunk of decompress(source, { limits })) given += chunk.byteLength;
      },
      { code: "LIMIT_EXCEEDED", message: new RegExp(name) },
    );
    assert.equal(source.state.closed, true);
    assert.ok(given <= 5 * 2 ** 20, `${given} bytes were given`);
  };

  test(`a bomb of ${what} is stopped by its ratio`, async () => {
    await stopped({ maxRatio: 10, ratioFloor: 2 ** 20 }, "maxRatio");
  });

  test(`a bomb of ${what} is stopped by its size`, async () => {
    await stopped({ maxBytes: 3 * 2 ** 20 }, "maxBytes");
  });
}

test("a file of zeros below the floor is no bomb", async () => {
  assert.equal(await drain(decompress(fromBytes(gzipSync(ZEROS)))), ZEROS.length);
});

test("bytes that are not compressed are bounded too", async () => {
  await assert.rejects(drain(decompress(fromBytes(sampleBytes(1000)), { limits: { maxBytes: 999 } })), {
    code: "LIMIT_EXCEEDED",
  });
});

const PACKED: Readonly<Record<string, Buffer>> = {
  none: ZEROS,
  gzip: gzipSync(sampleBytes(2 ** 23)),
  zstd: zstdCompressSync(sampleBytes(2 ** 23)),
  "zstd in frames": Buffer.concat(
    Array.from({ length: 8 }, (_, seed) => zstdCompressSync(sampleBytes(2 ** 20, seed))),
  ),
};

for (const [what, bytes] of Object.entries(PACKED)) {
  test(`a wrong digest of ${what} is found, though the content is whole`, async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const checked = verified(fromBytes(...piecesOf(bytes, [100_000])), { digest, size: bytes.length });
    await assert.rejects(drain(decompress(checked)), { code: "DIGEST_MISMATCH" });
  });

  test(`leaving ${what} early closes the source without reading it all`, async () => {
    const source = watchedStream(piecesOf(bytes, [10_000]));
    for await (const _ of decompress(source)) break;
    assert.equal(source.state.closed, true);
    assert.ok(source.state.given < Math.ceil(bytes.length / 10_000));
  });

  test(`a signal stops ${what} and closes the source`, async () => {
    const controller = new AbortController();
    const source = watchedStream(piecesOf(bytes, [10_000]));
    await assert.rejects(
      async () => {
        for await (const _ of decompress(source, { signal: controller.signal })) controller.abort();
      },
      { name: "AbortError" },
    );
    assert.equal(source.state.closed, true);
  });

  test(`a fault of the source of ${what} passes as it is`, async () => {
    const failure = new Error("the wire broke");
    await assert.rejects(
      drain(decompress(watchedStream([bytes.subarray(0, bytes.length >> 1)], failure))),
      failure,
    );
  });

  test(`a slow reader of ${what} holds back the source`, async () => {
    const pieces = [...piecesOf(bytes, [10_000])];
    const source = watchedStream(pieces);
    const reader = decompress(source)[Symbol.asyncIterator]();
    await reader.next();
    // What is under way settles, also on a busy machine; a source that is not held back is read to its end.
    let given = -1;
    while (given !== source.state.given) {
      ({ given } = source.state);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    assert.ok(given < pieces.length, `${given} of ${pieces.length} pieces were asked for`);
    assert.equal(source.state.closed, false);
    await reader.return?.();
    assert.equal(source.state.closed, true);
  });
}
