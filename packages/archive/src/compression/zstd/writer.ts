import { constants, zstdCompress } from "node:zlib";
import type { ByteStream } from "../../bytes.ts";
import { BlockPool } from "../../reuse.ts";
import { blocks } from "../blocks.ts";
import { inOrder } from "../in-order.ts";
import { checkLevel } from "../level.ts";
import type { LevelOptions } from "../level.ts";

/**
 * Rises when the bytes of `zstd` change for the same input and level, and with it the digests of
 * all layers written so. A test holds the digests of this version.
 */
export const ZSTD_WRITER_VERSION = 1;

/** Part of the format: another size gives other bytes. */
const FRAME_SIZE = 2 * 1024 * 1024;

const pool = new BlockPool(FRAME_SIZE);

/**
 * Compresses into independent zstd frames on all cores, each with its content's size and checksum.
 * The bytes depend on the input and the level only: not on how the input is cut into chunks, nor on
 * the number of threads. RFC 8878. `LEVEL_INVALID`
 *
 * Each frame has a compressor of its own. One that is kept and used again would be as fast, but its
 * bytes depend on what it compressed before (measured on Node 24.21: other digests from run to run).
 */
export async function* zstd(stream: ByteStream, options: LevelOptions = {}): ByteStream {
  const level = await checkLevel(stream, options.level, { smallest: 1, largest: 19, usual: 3 });

  async function* frames(): AsyncGenerator<Buffer<ArrayBuffer>> {
    let isEmpty = true;
    for await (const data of blocks(stream, { size: FRAME_SIZE, take: pool.take })) {
      options.signal?.throwIfAborted();
      isEmpty = false;
      yield data;
    }
    if (isEmpty) yield pool.take().subarray(0, 0); // no frame at all is no zstd
  }

  yield* inOrder(frames(), async (data) => {
    const compressed = await compressFrame(data, level);
    pool.giveBack(data);
    return compressed;
  });
}

async function compressFrame(data: Buffer, level: number): Promise<Buffer> {
  const params: Record<number, number> = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  // At the usual level a table of half the size fits the cache: 5 % faster for 0.3 % more bytes.
  if (level === 3) params[constants.ZSTD_c_hashLog] = 16;
  return await new Promise((resolve, reject) => {
    zstdCompress(
      data,
      { params, pledgedSrcSize: data.length, chunkSize: FRAME_SIZE / 2 },
      (error, compressed) => {
        if (error === null) resolve(compressed);
        else reject(error);
      },
    );
  });
}
