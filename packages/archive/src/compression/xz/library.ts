import type { LzmaDecoder, LzmaStatus } from "@cooper/sys";
import type { ByteStream } from "../../bytes.ts";
import { BlockPool, lend } from "../../reuse.ts";
import type { ByteSource } from "../../tar/byte-source.ts";
import { cutShort, damaged, unsupported } from "../fault.ts";

/** Bytes: xz -9 needs 65 MiB; more is memory that a stranger makes us take. */
export const MEMORY_LIMIT: number = 256 * 2 ** 20;

/** Bytes of output that are decoded in one step: some 10 ms of a thread's time. */
const MOST_ROOM = 2 ** 20;
const LEAST_ROOM = 64 * 1024;

const pool = new BlockPool(MOST_ROOM);
const NOTHING: Uint8Array = new Uint8Array(0);

/** What comes out of a decoder, one chunk ahead of its reader. Closes the decoder. */
export async function* unxzByLibrary(
  source: ByteSource,
  decoder: LzmaDecoder,
  format: "xz" | "lzma",
): ByteStream {
  const next = chunksOf(source, decoder, format);
  let ahead = next();
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const chunk = await ahead;
      if (chunk === undefined) return;
      ahead = next();
      ahead.catch(() => {}); // it is awaited above; until then it is nobody's rejection
      yield chunk;
    }
  } finally {
    await ahead.catch(() => {}); // the decoder must not be closed under a step
    decoder.close();
  }
}

function chunksOf(
  source: ByteSource,
  decoder: LzmaDecoder,
  format: "xz" | "lzma",
): () => Promise<Uint8Array | undefined> {
  let input: Uint8Array = NOTHING;
  let status: LzmaStatus = "going-on";

  /** Fills what it can of some room; gives how many bytes it filled. */
  async function fill(room: Uint8Array): Promise<number> {
    let filled = 0;
    while (status === "going-on" && filled < room.byteLength) {
      // oxlint-disable-next-line no-await-in-loop -- each step needs what the last one left
      const hasMore = input.byteLength > 0 || (await source.more());
      if (input.byteLength === 0 && hasMore) input = source.takeSome(source.available);
      // oxlint-disable-next-line no-await-in-loop
      const step = await decoder.step(input, room.subarray(filled), hasMore ? "more" : "last");
      input = input.subarray(step.read);
      filled += step.written;
      status = step.status;
    }
    return filled;
  }

  return async () => {
    const isLarge = (input.byteLength || source.available) * 4 > LEAST_ROOM;
    const room = isLarge ? pool.take() : Buffer.allocUnsafeSlow(LEAST_ROOM);
    const filled = await fill(room);
    if (filled === 0) {
      if (isLarge) pool.giveBack(room);
      if (status !== "ended") throw faultOf(format, status);
      await source.drain(); // whoever hashes or counts the source sees all of it
      return undefined;
    }
    const chunk = room.subarray(0, filled);
    return isLarge ? lend(chunk, pool.giveBack) : chunk;
  };
}

function faultOf(format: "xz" | "lzma", status: LzmaStatus): Error {
  if (status === "stuck") return cutShort(format);
  const [what, advice] = UNSUPPORTED[status] ?? [];
  if (what !== undefined && advice !== undefined) return unsupported(format, what, advice);
  return damaged(format, status === "format-unknown" ? "they do not go on as such" : "a check fails");
}

const MEMORY = [
  `it needs more than ${MEMORY_LIMIT / 2 ** 20} MiB of memory`,
  "Compress it again with -9 or less.",
];
const FILTER = ["it uses a check or a filter that is not known", "Compress it again with xz -6."];
const UNSUPPORTED: Readonly<Partial<Record<LzmaStatus, readonly string[]>>> = {
  "memory-limit": MEMORY,
  "memory-short": MEMORY,
  "check-unsupported": FILTER,
  "options-unsupported": FILTER,
};
