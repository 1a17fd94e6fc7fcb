import assert from "node:assert/strict";
import { test } from "node:test";

import { rawHeader, rawMember, rawPax, rawPaxRecord, rawTar } from "@cooper/test";

import { type ByteStream, collect, fromBytes } from "../bytes.ts";
import type { Limits } from "../limits.ts";
import type { TarMember } from "./member.ts";
import { readTar } from "./reader.ts";

type Pair = readonly [offset: number, length: number];

/** A file of 10 000 bytes with data at 512 and at 4096. */
const PAIRS: readonly Pair[] = [
  [512, 3],
  [4096, 4],
  [10_000, 0],
];
const DATA = "abcdefg";
const SIZE = 10_000;

/** The same map in each format, after records or fields that give the size. */
const FORMATS: Readonly<
  Record<string, (pairs: readonly Pair[], size: number, data?: string) => readonly Buffer[]>
> = {
  "old GNU": oldGnu,
  "PAX 0.0": (pairs, size, data = DATA) => {
    const body =
      rawPaxRecord("GNU.sparse.size", `${size}`) +
      rawPaxRecord("GNU.sparse.numblocks", `${pairs.length}`) +
      pairs
        .map(
          ([offset, length]) =>
            rawPaxRecord("GNU.sparse.offset", `${offset}`) + rawPaxRecord("GNU.sparse.numbytes", `${length}`),
        )
        .join("");
    return [rawMember({ name: "x", type: "x" }, body), rawMember({ name: "sparse" }, data)];
  },
  "PAX 0.1": (pairs, size, data = DATA) => [
    rawPax({
      "GNU.sparse.size": `${size}`,
      "GNU.sparse.numblocks": `${pairs.length}`,
      "GNU.sparse.name": "sparse",
      "GNU.sparse.map": pairs.flat().join(","),
    }),
    rawMember({ name: "GNUSparseFile.1/sparse" }, data),
  ],
  "PAX 1.0": (pairs, size, data = DATA) => [
    rawPax({
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": "sparse",
      "GNU.sparse.realsize": `${size}`,
    }),
    rawMember(
      { name: "GNUSparseFile.1/sparse" },
      contentMap(
        `${pairs.length}\n${pairs
          .flat()
          .map((n) => `${n}\n`)
          .join("")}`,
      ) + data,
    ),
  ],
};

function contentMap(text: string): string {
  return text.padEnd(Math.ceil(text.length / 512) * 512, "\0");
}

function octal(value: number): string {
  return `${value.toString(8).padStart(11, "0")}\0`;
}

function oldGnu(pairs: readonly Pair[], size: number, data = DATA): readonly Buffer[] {
  const text = (some: readonly Pair[], room: number): string =>
    some
      .map(([offset, length]) => octal(offset) + octal(length))
      .join("")
      .padEnd(room * 24, "\0");
  const rest = pairs.slice(4);
  // The fields lie where ustar has its prefix: 41 bytes of times and such come first.
  const prefix = `${"\0".repeat(41)}${text(pairs.slice(0, 4), 4)}${rest.length > 0 ? "\u0001" : "\0"}${octal(size)}`;
  const header = rawHeader({ name: "sparse", type: "S", magic: "ustar  \0", size: data.length, prefix });
  const extensions: Buffer[] = [];
  for (let i = 0; i < rest.length; i += 21) {
    const block = Buffer.alloc(512);
    block.write(text(rest.slice(i, i + 21), 21), "latin1");
    block[504] = i + 21 < rest.length ? 1 : 0;
    extensions.push(block);
  }
  const padded = Buffer.from(data.padEnd(Math.ceil(data.length / 512) * 512, "\0"), "latin1");
  return [Buffer.concat([header, ...extensions, padded])];
}

async function read(
  archive: Buffer,
  chunkSize: number,
  limits: Partial<Limits> = {},
): Promise<readonly (TarMember & { text: string })[]> {
  const members: (TarMember & { text: string })[] = [];
  for await (const member of readTar(chunked(archive, chunkSize), { limits })) {
    const text = (await collect(member.content(), { limit: 2 ** 24 })).toString("latin1");
    members.push({ ...member, text });
  }
  return members;
}

async function* chunked(bytes: Buffer, size: number): ByteStream {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

for (const [format, build] of Object.entries(FORMATS)) {
  test(`${format}: a sparse file has its name, its size, its data and zeros between`, async () => {
    const archive = rawTar(...build(PAIRS, SIZE), rawMember({ name: "after" }, "x"));
    const expected = Buffer.alloc(SIZE);
    expected.write("abc", 512, "latin1");
    expected.write("defg", 4096, "latin1");
    for (const chunkSize of [archive.length, 100, 1]) {
      const [sparse, after] = await read(archive, chunkSize);
      assert.deepEqual(
        [sparse?.path, sparse?.type, sparse?.size, sparse?.storedSize],
        ["sparse", "file", SIZE, 7],
      );
      assert.deepEqual(sparse?.sparse, [
        { offset: 512, length: 3 },
        { offset: 4096, length: 4 },
      ]);
      assert.ok(sparse?.text === expected.toString("latin1"));
      assert.deepEqual([after?.path, after?.text], ["after", "x"]);
      assert.equal(archive.toString("latin1", sparse.contentOffset, sparse.contentOffset + 7), DATA);
    }
  });

  test(`${format}: the stored content of a sparse file is its data alone`, async () => {
    for await (const { stored, bytes } of readTar(fromBytes(rawTar(...build(PAIRS, SIZE))))) {
      assert.equal((await collect(stored(), { limit: 100 })).toString(), DATA);
      assert.equal(bytes, undefined);
    }
  });

  test(`${format}: a file that is one hole has no data`, async () => {
    const [hole] = await read(rawTar(...build([[5000, 0]], 5000, "")), 512);
    assert.deepEqual(
      [hole?.size, hole?.storedSize, hole?.sparse, hole?.text],
      [5000, 0, [], "\0".repeat(5000)],
    );
  });

  test(`${format}: a map of hundreds of pieces goes on over many blocks`, async () => {
    const pairs = Array.from({ length: 500 }, (_, i): Pair => [i * 1000 + 500, 1]);
    const archive = rawTar(...build(pairs, 500_000, "x".repeat(500)));
    for (const chunkSize of [archive.length, 512, 333]) {
      const [sparse] = await read(archive, chunkSize);
      assert.equal(sparse?.sparse?.length, 500);
      assert.equal(sparse.text.replaceAll("\0", "").length, 500);
    }
    await assert.rejects(read(archive, 512, { maxSparseSegments: 499 }), { code: "LIMIT_EXCEEDED" });
  });

  test(`${format}: pieces that overlap, run backwards or beyond the end are TAR_INVALID`, async () => {
    const maps: readonly (readonly Pair[])[] = [
      [
        [512, 4],
        [515, 3],
      ],
      [
        [4096, 4],
        [512, 3],
      ],
      [[SIZE - 6, 7]],
      [[SIZE, 7]],
    ];
    for (const pairs of maps) {
      await assert.rejects(read(rawTar(...build(pairs, SIZE)), 512), { code: "TAR_INVALID" });
    }
  });

  test(`${format}: more or less data than the map says is TAR_INVALID`, async () => {
    await assert.rejects(read(rawTar(...build([[0, 6]], SIZE)), 512), { code: "TAR_INVALID" });
    await assert.rejects(read(rawTar(...build([[0, 8]], SIZE)), 512), { code: "TAR_INVALID" });
  });

  test(`${format}: a hole of terabytes is bounded by its whole size`, async () => {
    const archive = rawTar(...build([[0, 7]], 2 ** 32));
    await assert.rejects(read(archive, 512, { maxBytes: 2 ** 31 }), { code: "LIMIT_EXCEEDED" });
  });
}

test("a map in the content that never ends, or says nonsense, is refused", async () => {
  const records = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "10000" };
  for (const map of [
    "",
    "1",
    "1\n0\n",
    "x\n",
    "-1\n",
    "1\n0\n99999999999999999999999999\n",
    "9".repeat(600),
    "3\n1\n1\n",
  ]) {
    const archive = rawTar(rawPax(records), rawMember({ name: "n" }, contentMap(map)));
    await assert.rejects(read(archive, 512), { code: "TAR_INVALID" }, JSON.stringify(map));
  }
  const endless = rawTar(rawPax(records), rawMember({ name: "n" }, `9999999\n${"0\n".repeat(100_000)}`));
  await assert.rejects(read(endless, 512, { maxHeaderBytes: 50_000 }), { code: "LIMIT_EXCEEDED" });
});

test("a sparse format that is not known is TAR_UNSUPPORTED", async () => {
  const archive = rawTar(
    rawPax({ "GNU.sparse.major": "2", "GNU.sparse.minor": "0" }),
    rawMember({ name: "n" }),
  );
  await assert.rejects(read(archive, 512), { code: "TAR_UNSUPPORTED" });
});

test("an odd number in a list of pairs is TAR_INVALID", async () => {
  const archive = rawTar(
    rawPax({ "GNU.sparse.size": "9", "GNU.sparse.map": "0,1,2" }),
    rawMember({ name: "n" }, "x"),
  );
  await assert.rejects(read(archive, 512), { code: "TAR_INVALID" });
});
