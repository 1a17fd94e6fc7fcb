import { constants, crc32, deflateRaw } from "node:zlib";
import type { ByteStream } from "../../bytes.ts";
import { blocks } from "../blocks.ts";
import { deflate } from "../deflate/deflate.ts";
import { DEFLATED_MOST } from "../deflate/job.ts";
import type { DeflateJob } from "../deflate/job.ts";
import { inOrder } from "../in-order.ts";
import { BlockPool, lend } from "../../reuse.ts";
import { checkLevel } from "../level.ts";
import type { LevelOptions } from "../level.ts";

/**
 * Rises when the bytes of `gzip` change for the same input and level, and with it the digests of
 * all layers written so. A test holds the digests of this version.
 */
export const GZIP_WRITER_VERSION = 3;

/** Up to this level Cooper's own deflate writes, above it zlib's. */
const OWN_LEVELS = 5;
/** Part of the format: another size gives other bytes. */
const BLOCK_SIZE = 1024 * 1024;
/** As far back as deflate can refer (RFC 1951, 2). */
const WINDOW_SIZE = 32 * 1024;
/** RFC 1952, 2.3: magic, deflate, no flags, no time, no hint, unknown system: nothing of this host. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** A last deflate block with nothing in it (RFC 1951, 3.2.6). */
const END_OF_DEFLATE = Buffer.from([3, 0]);

/**
 * Compresses into one gzip member on all cores. The bytes depend on the input and the level only:
 * not on how the input is cut into chunks, nor on the number of threads.
 *
 * Each block is deflated on its own with the last 32 KiB before it as dictionary, and ends on a
 * byte (sync flush), so the blocks make one valid stream when they are put together. RFC 1952.
 * `LEVEL_INVALID`
 */
export async function* gzip(stream: ByteStream, options: LevelOptions = {}): ByteStream {
  const level = await checkLevel(stream, options.level, { smallest: 0, largest: 9, usual: OWN_LEVELS });
  let crc = 0;
  let size = 0;

  /** Each block lies behind a copy of the window before it: the two are sent to a thread together. */
  async function* withWindows(): AsyncGenerator<Job> {
    let window: Buffer = Buffer.alloc(0);
    for await (const data of blocks(stream, { size: BLOCK_SIZE, take: takeBlock })) {
      options.signal?.throwIfAborted();
      crc = crc32(data, crc);
      size += data.length;
      const dictionary = Buffer.from(data.buffer, WINDOW_SIZE - window.length, window.length);
      dictionary.set(window);
      // The data must be copied before its block is given to the next: so the window is a copy too.
      window = Buffer.from(data.subarray(-WINDOW_SIZE));
      yield { data, dictionary };
    }
  }

  const compressed = inOrder(withWindows(), async (job) => {
    if (level > 0 && level <= OWN_LEVELS) {
      const { memory, output, size: length } = await deflate(ownJob(job, outputs.take().buffer));
      pool.giveBack(Buffer.from(memory));
      return lend(Buffer.from(output, 0, length), outputs.giveBack);
    }
    const deflated = await zlibDeflate(job, level);
    pool.giveBack(job.data);
    return deflated;
  });
  let isFirst = true;
  for await (const chunk of compressed) {
    // Not before the source has been opened: who leaves after the header closes it then too.
    if (isFirst) yield Buffer.from(HEADER);
    isFirst = false;
    yield chunk;
  }
  if (isFirst) yield Buffer.from(HEADER);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  yield Buffer.concat([END_OF_DEFLATE, trailer]);
}

// Of all that is written: many small layers would take as much as a large one, each anew.
const pool = new BlockPool(WINDOW_SIZE + BLOCK_SIZE);
const outputs = new BlockPool(DEFLATED_MOST);

function takeBlock(): Buffer<ArrayBuffer> {
  return pool.take().subarray(WINDOW_SIZE);
}

interface Job {
  readonly data: Buffer<ArrayBuffer>;
  /** What may be referred to before `data`; empty before the first block. */
  readonly dictionary: Buffer<ArrayBuffer>;
}

function ownJob({ data, dictionary }: Job, output: ArrayBuffer): DeflateJob {
  const { buffer, byteOffset, length } = data;
  return { memory: buffer, start: byteOffset, length, window: dictionary.length, output };
}

async function zlibDeflate({ data, dictionary }: Job, level: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    deflateRaw(
      data,
      {
        level,
        finishFlush: constants.Z_SYNC_FLUSH,
        // zlib's own default gives 16 KiB at a time, each with a trip to the main thread.
        chunkSize: BLOCK_SIZE / 2,
        ...(dictionary.length > 0 && { dictionary }),
      },
      (error, compressed) => {
        if (error === null) resolve(compressed);
        else reject(error);
      },
    );
  });
}
