import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { isFault } from "@cooper/sys";
import { type ByteStream, fromBytes } from "../../bytes.ts";
import { ByteSource } from "../../tar/byte-source.ts";
import { writeTo } from "../codec.ts";
import { cutShort, damaged, unsupported } from "../fault.ts";
import { loadXzStream } from "./wasm.ts";

/** xz -9 needs 65 MiB; more is memory that a stranger makes us take. */
const MEMORY_LIMIT = "256MiB";

/**
 * Reads xz: all streams, with padding between and after them.
 *
 * By the program `xz` where there is one: it is faster, runs beside us, and knows every kind of
 * check and filter. Otherwise by WebAssembly, which lacks SHA-256 checks.
 * `COMPRESSION_INVALID`, `COMPRESSION_UNSUPPORTED`, `TRUNCATED`
 */
export async function* unxz(source: ByteSource): ByteStream {
  await source.require(SMALL);
  if (source.hasEnded && source.available < SMALL) {
    yield* unxzSmall(source.takeSome(source.available));
    return;
  }
  const child = await startXz();
  yield* child === undefined ? unxzByWasm(source) : unxzByProgram(source, child);
}

/** Bytes below which starting a program costs more than it saves: a package's control files. */
const SMALL = 64 * 1024;
/** Bytes that a small stream may decompress to without a program, which counts its memory itself. */
const SMALL_OUTPUT = 16 * 2 ** 20;

/** What is in memory whole can be tried again with the program, where WebAssembly lacks something. */
async function* unxzSmall(bytes: Buffer): ByteStream {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of unxzByWasm(sourceOf(bytes))) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > SMALL_OUTPUT) break;
    }
  } catch (error) {
    if (!isFault(error, "COMPRESSION_UNSUPPORTED")) throw error;
    size = Infinity;
  }
  if (size <= SMALL_OUTPUT) {
    yield* chunks;
    return;
  }
  const child = await startXz();
  const source = sourceOf(bytes);
  yield* child === undefined ? unxzByWasm(source) : unxzByProgram(source, child);
}

function sourceOf(bytes: Buffer): ByteSource {
  return new ByteSource(fromBytes(bytes), { maxBytes: Infinity, signal: undefined });
}

type Xz = ChildProcessByStdio<Writable, Readable, Readable>;

/** `undefined` if this host has no such program. */
export async function startXz(): Promise<Xz | undefined> {
  const child = spawn("xz", ["--decompress", "--stdout", `--memlimit-decompress=${MEMORY_LIMIT}`], {
    // Without XZ_OPT and XZ_DEFAULTS, which change what it does; in English, which is read below.
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {}); // it may end before it has read all: its status tells why
  try {
    await once(child, "spawn");
    return child;
  } catch {
    return undefined;
  }
}

export async function* unxzByProgram(source: ByteSource, child: Xz): ByteStream {
  const closed = once(child, "close");
  const complaints: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  const feeding = feed(source, child.stdin);
  feeding.catch(() => child.kill("SIGKILL"));
  closed.catch(() => {}); // both are awaited below; until then they are nobody's rejections
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    await feeding;
    const [status] = await closed;
    if (status !== 0) throw faultOf(Buffer.concat(complaints).toString());
  } finally {
    child.kill("SIGKILL"); // nothing happens if it has ended
    await Promise.allSettled([feeding, closed]);
  }
}

async function feed(source: ByteSource, stdin: Writable): Promise<void> {
  try {
    while (!stdin.destroyed && (await source.more())) await writeTo(stdin, source.takeSome(source.available));
  } finally {
    stdin.end();
  }
}

function faultOf(complaint: string): Error {
  const reason = complaint.replace(/^xz: (\(stdin\): )?/, "").trim();
  if (/unexpected end of input/i.test(reason)) return cutShort("xz");
  if (/memory usage limit/i.test(reason)) {
    return unsupported(
      "xz",
      `it needs more than ${MEMORY_LIMIT} of memory`,
      "Compress it again with -9 or less.",
    );
  }
  if (/unsupported/i.test(reason)) return unsupported("xz", reason, "Compress it again with xz -6.");
  return damaged("xz", reason === "" ? "xz was killed" : reason);
}

export async function* unxzByWasm(source: ByteSource): ByteStream {
  const XzStream = await loadXzStream();
  let hasEnded = false;
  const input = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (await source.more()) {
        controller.enqueue(source.takeSome(source.available));
      } else {
        hasEnded = true;
        controller.close();
      }
    },
  });
  const output = new XzStream(input).getReader();
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const { done, value } = await output.read();
      if (done) {
        await source.drain(); // whoever hashes or counts the source sees all of it
        return;
      }
      if (value.byteLength > 0) yield value;
    }
  } catch (error) {
    const status = /error code (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    // xz-embedded's xz.h: 4 a larger dictionary than there is memory for, 6 options that it was not built for.
    if (status === "6" || status === "4") {
      throw unsupported(
        "xz",
        "it uses a check or a filter that is not built in",
        "Install the package xz-utils.",
      );
    }
    // Without input it says "no progress" (8), or trips over the chunk that is not there.
    if (hasEnded && (status === undefined || status === "8")) throw cutShort("xz", error);
    if (status === undefined) throw error; // the source's own
    throw damaged("xz", `status ${status}`, error);
  } finally {
    await output.cancel().catch(() => {});
  }
}
