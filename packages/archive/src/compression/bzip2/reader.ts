import type { ByteStream } from "../../bytes.ts";
import type { ByteSource } from "../../tar/byte-source.ts";
import { BitReader } from "./bit-reader.ts";
import { blockContent, decodeBlock } from "./block.ts";
import { cutShort, damaged } from "../fault.ts";

/** Content of a block for each step of the level from 1 to 9. */
const LEVEL_SIZE = 100_000;
/** Bytes that a block of one level step may take at most: 20 bits for each symbol, and its tables. */
const LEVEL_COMPRESSED = 256 * 1024;

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;

/**
 * Reads bzip2: all streams, one after the other, each block and stream checked. What follows the
 * last stream is ignored, as bzip2(1) does. There is no specification; this follows the format's
 * description in the manual and in Joe Tsai's "BZIP2: Format Specification".
 *
 * The libraries that there are want the whole file and the size of its content, or are several
 * times slower. `COMPRESSION_INVALID`, `TRUNCATED`
 */
export async function* bunzip2(source: ByteSource): ByteStream {
  for (let isFirst = true; ; isFirst = false) {
    await source.require(4);
    const level = levelOf(source);
    if (level === undefined) {
      if (isFirst) throw damaged("bzip2", "the header is not bzip2's");
      await source.drain(); // whoever hashes or counts the source sees all of it
      return;
    }
    source.advance(4);
    yield* readStream(source, level);
  }
}

function levelOf(source: ByteSource): number | undefined {
  if (source.available < 4 || source.view(0, 3).toString("latin1") !== "BZh") return undefined;
  const level = source.view(3, 1).readUInt8() - 0x30;
  return level >= 1 && level <= 9 ? level : undefined;
}

async function* readStream(source: ByteSource, level: number): ByteStream {
  const links = new Uint32Array(level * LEVEL_SIZE);
  const most = level * LEVEL_COMPRESSED;
  let combined = 0;
  /** Blocks begin at any bit: how many of the source's next byte are behind us. */
  let skip = 0;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    await source.require(most);
    const bits = new BitReader(source.view(0, Math.min(source.available, most)), skip);
    const magic = bits.take(24) * 2 ** 24 + bits.take(24);
    if (magic === END_MAGIC) {
      const expected = bits.take32();
      if (bits.isPastEnd) throw cutShort("bzip2");
      if (expected !== combined) throw damaged("bzip2", "the stream's checksum is wrong");
      source.advance(Math.ceil(bits.offset / 8));
      return;
    }
    if (magic !== BLOCK_MAGIC) {
      throw bits.isPastEnd ? cutShort("bzip2") : damaged("bzip2", "no block begins where one should");
    }
    const block = decode(bits, links);
    yield* blockContent(block);
    combined = (((combined << 1) | (combined >>> 31)) ^ block.crc) >>> 0;
    source.advance(Math.floor(bits.offset / 8));
    skip = bits.offset % 8;
  }
}

function decode(bits: BitReader, links: Uint32Array): ReturnType<typeof decodeBlock> {
  try {
    const block = decodeBlock(bits, links);
    if (!bits.isPastEnd) return block;
  } catch (error) {
    // Behind the end there are zeros, which seldom make sense.
    throw bits.isPastEnd ? cutShort("bzip2", error) : error;
  }
  throw cutShort("bzip2");
}
