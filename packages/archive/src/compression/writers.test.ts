import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

import { piecesOf, requireProgram, run, sampleBytes, temporaryDirectory, watchedStream } from "@cooper/test";
import * as fc from "fast-check";

import { writeFileAtomic } from "../atomic-file.ts";
import { collect, fromBytes } from "../bytes.ts";
import { compress } from "./compress.ts";
import type { WritableCompression } from "./compress.ts";
import { decompress } from "./decompress.ts";
import { gzip, GZIP_WRITER_VERSION } from "./gzip/writer.ts";
import { zstd, ZSTD_WRITER_VERSION } from "./zstd/writer.ts";

const LIMIT = 2 ** 27;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const SAMPLE = sampleBytes(5 * 2 ** 20 + 12_345);

async function written(
  compression: WritableCompression,
  chunks: Iterable<Uint8Array>,
  level?: number,
): Promise<Buffer> {
  return await collect(compress(watchedStream(chunks), { compression, level }), { limit: LIMIT });
}

test("the bytes of these versions of the writers are these, on every machine", async () => {
  assert.equal(GZIP_WRITER_VERSION, 3);
  assert.equal(ZSTD_WRITER_VERSION, 1);
  const digests: Record<string, string> = {};
  for (const level of [0, 5, 6, 9]) digests[`gzip ${level}`] = sha256(await written("gzip", [SAMPLE], level));
  for (const level of [1, 3, 10]) digests[`zstd ${level}`] = sha256(await written("zstd", [SAMPLE], level));
  assert.deepEqual(digests, {
    "gzip 0": "9042c58d00f4aa3017aa2357072536cfbbbc24f2838d42b206eb4dd7eec88d4b",
    "gzip 5": "4ef4ea94e82c96fab8a90e396d8f282935ffb4f8a0f7fcceb9c93d2436bc8eb6",
    "gzip 6": "313010844491b3efcaafabea2feeef1499280bb718bfc9d6420d0dda128f04b3",
    "gzip 9": "0cbd4ed86d92e57893337caa394c06d5b7325c0ef8b388a119f306897d36133e",
    "zstd 1": "db7ade98ce6036e61f2a47a3878e9e3d28c82e697de740d76cf7e88048da3f55",
    "zstd 3": "c07b18bd90c60bed2cbb0abfe8f1c397c39971cfcaecfe4fb64650500e4e3e5b",
    "zstd 10": "92a3485f9b7311e519a496968dad94cbf8789aaea501fc2681a50d83fc461f00",
  });
});

test("the levels written by default are 5 and 3, and gzip's 1 to 4 are its 5", async () => {
  const gzipped = await written("gzip", [SAMPLE]);
  for (const level of [1, 2, 3, 4, 5]) assert.ok(gzipped.equals(await written("gzip", [SAMPLE], level)));
  assert.ok((await written("zstd", [SAMPLE])).equals(await written("zstd", [SAMPLE], 3)));
});

for (const compression of ["gzip", "zstd"] as const) {
  test(`any chunking of the input gives the same ${compression} bytes`, async () => {
    const whole = await written(compression, [SAMPLE], 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom(2 ** 20, 2 ** 21, 2 ** 20 + 1)),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        async (lengths) => {
          const given = await written(compression, piecesOf(SAMPLE, [...lengths, 65_536]), 1);
          assert.ok(given.equals(whole));
        },
      ),
      { numRuns: 12 },
    );
  });

  test(`any number of threads gives the same ${compression} bytes`, async () => {
    const script = `
      const { compress } = await import(${JSON.stringify(fileURLToPath(new URL("compress.ts", import.meta.url)))});
      const { sampleBytes } = await import("@cooper/test");
      const { createHash } = await import("node:crypto");
      const hash = createHash("sha256");
      async function* input() { yield sampleBytes(${SAMPLE.length}); }
      for await (const chunk of compress(input(), { compression: "${compression}" })) hash.update(chunk);
      console.log(hash.digest("hex"));`;
    const expected = sha256(await written(compression, [SAMPLE]));
    for (const threads of ["1", "2", "16"]) {
      const output = execFileSync(
        process.execPath,
        ["--conditions=@cooper/source", "--input-type=module-typescript", "--eval", script],
        {
          cwd: fileURLToPath(new URL(".", import.meta.url)),
          env: { ...process.env, UV_THREADPOOL_SIZE: threads },
        },
      );
      assert.equal(output.toString().trim(), expected, `${threads} threads`);
    }
  });

  test(`content of any length comes back through ${compression}`, async () => {
    for (const length of [0, 1, 32_767, 32_769, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 2 ** 21, 2 ** 21 + 1]) {
      const content = sampleBytes(length);
      const bytes = await written(compression, [content]);
      assert.ok(
        content.equals(await collect(decompress(fromBytes(bytes)), { limit: LIMIT })),
        `${length} bytes`,
      );
    }
  });

  test(`${compression} closes its source when it is left early, after few blocks`, async () => {
    const source = watchedStream(piecesOf(Buffer.alloc(64 * 2 ** 20), [2 ** 20]));
    for await (const _ of compress(source, { compression })) break;
    assert.equal(source.state.closed, true);
    assert.ok(source.state.given < 40, `${source.state.given} chunks were read`);
  });

  test(`${compression} passes on a fault of its source, and ends`, async () => {
    const failure = new Error("the wire broke");
    const source = watchedStream([SAMPLE], failure);
    await assert.rejects(collect(compress(source, { compression }), { limit: LIMIT }), failure);
  });

  test(`${compression} stops at a signal and closes its source`, async () => {
    const controller = new AbortController();
    const source = watchedStream(piecesOf(Buffer.alloc(64 * 2 ** 20), [2 ** 20]));
    const { signal } = controller;
    await assert.rejects(
      async () => {
        for await (const _ of compress(source, { compression, signal })) controller.abort();
      },
      { name: "AbortError" },
    );
    assert.equal(source.state.closed, true);
  });

  test(`${compression} refuses a level that does not exist and closes its source`, async () => {
    for (const level of [-1, 20, 1.5, Number.NaN]) {
      const source = watchedStream([SAMPLE]);
      await assert.rejects(collect(compress(source, { compression, level }), { limit: LIMIT }), {
        code: "LEVEL_INVALID",
        kind: "usage",
      });
    }
  });

  test(`the program ${compression} accepts what is written and gives the content back`, async (t) => {
    const program = requireProgram(t, compression);
    if (program === undefined) return;
    const directory = temporaryDirectory(t);
    const packed = join(directory, compression === "gzip" ? "sample.gz" : "sample.zst");
    for (const content of [SAMPLE, Buffer.alloc(0), Buffer.alloc(3 * 2 ** 20), Buffer.from("x")]) {
      writeFileSync(join(directory, "sample"), content);
      await writeFileAtomic(packed, compress(fromBytes(content), { compression }));
      await run(program, ["-t", packed]);
      await run("/bin/sh", [
        "-c",
        `"$1" -dc "$2" | cmp - "$3"`,
        "sh",
        program,
        packed,
        join(directory, "sample"),
      ]);
    }
  });
}

test("gzip writes one member with nothing of this host in its header", async () => {
  const bytes = await written("gzip", [SAMPLE]);
  assert.equal(bytes.toString("hex", 0, 10), "1f8b08000000000000ff");
  assert.ok(gunzipSync(bytes).equals(SAMPLE));
  assert.ok(!bytes.subarray(10).includes(bytes.subarray(0, 10)));
});

test("gzip is at most a tenth longer than gzip(1)'s, zstd hardly longer than zstd(1)'s", async (t) => {
  const content = readFileSync(process.execPath).subarray(0, 12 * 2 ** 20);
  const file = join(temporaryDirectory(t), "sample");
  writeFileSync(file, content);
  for (const compression of ["gzip", "zstd"] as const) {
    const program = requireProgram(t, compression);
    if (program === undefined) return;
    const theirs = Number((await run("/bin/sh", ["-c", `"$1" -c "$2" | wc -c`, "sh", program, file])).stdout);
    const ours = (await written(compression, [content])).length;
    assert.ok(ours < theirs * (compression === "gzip" ? 1.1 : 1.04), `${compression}: ${ours} and ${theirs}`);
  }
});

test("any content comes back through gzip and zstd at any level", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ min: 1, max: 9 }),
      async (content, level) => {
        for (const make of [gzip, zstd]) {
          const packed = make(fromBytes(content), { level });
          assert.deepEqual(await collect(decompress(packed), { limit: LIMIT }), Buffer.from(content));
        }
      },
    ),
    { numRuns: 60 },
  );
});
