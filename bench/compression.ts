/**
 * Cooper's compression against the programs of the same name on one file: megabytes of content a
 * second, and how much shorter it gets. Best of interleaved rounds.
 *
 *     node --conditions=@cooper/source bench/compression.ts FILE [ROUNDS]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { compress, decompress, readFileStream, tally, writeFileAtomic } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";

const file = process.argv[2] ?? process.execPath;
const rounds = Number(process.argv[3] ?? 3);
const size = statSync(file).size;
const directory = mkdtempSync(join(tmpdir(), "cooper-bench-"));

interface Contestant {
  readonly name: string;
  /** Gives the compressed size where there is one. */
  readonly run: () => Promise<number | undefined>;
}

async function count(stream: ByteStream): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.byteLength;
  return bytes;
}

function writer(compression: "gzip" | "zstd", level: number): Contestant {
  return {
    name: `cooper ${compression} -${level}`,
    run: async () => await count(compress(readFileStream(file), { compression, level })),
  };
}

/** As a layer is written: the digest of the content, that of the result, and a file. */
function layer(compression: "gzip" | "zstd"): Contestant {
  return {
    name: `cooper ${compression}, two digests, file`,
    run: async () => {
      const packed = compress(tally(readFileStream(file)).stream, { compression });
      return await writeFileAtomic(join(directory, "layer"), tally(packed).stream);
    },
  };
}

function reader(path: string, name: string): Contestant {
  return {
    name: `cooper reads ${name}`,
    run: async () => {
      await count(decompress(readFileStream(path)));
      return undefined;
    },
  };
}

function program(name: string, command: string): Contestant {
  return {
    name,
    run: async () => {
      const output = execFileSync("/bin/bash", ["-c", `${command} | wc -c`, "sh", file, directory], {
        stdio: "pipe",
      });
      return Number(output.toString());
    },
  };
}

function shellLayer(name: string, command: string): Contestant {
  const digest = "tee >(sha256sum >/dev/null)";
  return program(
    name,
    `cat "$1" | ${digest} | ${command} | ${digest} > "$2/shell"; sync "$2/shell"; cat "$2/shell"`,
  );
}

try {
  const packed = (name: string): string => join(directory, name);
  for (const compression of ["gzip", "zstd"] as const) {
    await writeFileAtomic(
      packed(`by-cooper.${compression}`),
      compress(readFileStream(file), { compression }),
    );
    execFileSync("/bin/sh", [
      "-c",
      `${compression} -c "$1" > "$2"`,
      "sh",
      file,
      packed(`by-program.${compression}`),
    ]);
  }
  const contestants: readonly Contestant[] = [
    writer("gzip", 6),
    program("pigz -6", 'pigz -6 -c "$1"'),
    writer("gzip", 1),
    program("pigz -1", 'pigz -1 -c "$1"'),
    writer("zstd", 3),
    program("zstd -3 -T0", 'zstd -3 -T0 -q -c "$1"'),
    layer("gzip"),
    shellLayer("pigz -6, two sha256sum, file", "pigz -6"),
    layer("zstd"),
    shellLayer("zstd -3 -T0, two sha256sum, file", "zstd -3 -T0 -q"),
    reader(packed("by-program.gzip"), "gzip's"),
    program("gzip -d", 'gzip -dc "$2/by-program.gzip"'),
    reader(packed("by-program.zstd"), "zstd's"),
    reader(packed("by-cooper.zstd"), "cooper's zstd"),
    program("zstd -d", 'zstd -dqc "$2/by-program.zstd"'),
  ];
  const best = new Map<string, { readonly seconds: number; readonly bytes: number | undefined }>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of contestants) {
      const start = performance.now();
      // oxlint-disable-next-line no-await-in-loop
      const bytes = await run();
      const seconds = (performance.now() - start) / 1000;
      if (seconds < (best.get(name)?.seconds ?? Infinity)) best.set(name, { seconds, bytes });
    }
  }
  for (const [name, { seconds, bytes }] of best) {
    const ratio = bytes === undefined || bytes === size ? "" : `ratio ${(size / bytes).toFixed(3)}`;
    console.log(`${name.padEnd(34)} ${(size / 1e6 / seconds).toFixed(0).padStart(5)} MB/s  ${ratio}`);
  }
  console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
