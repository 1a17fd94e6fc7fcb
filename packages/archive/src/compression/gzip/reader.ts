import { crc32, createInflateRaw, inflateRawSync } from "node:zlib";
import type { ByteStream } from "../../bytes.ts";
import type { ByteSource } from "../../tar/byte-source.ts";
import { DECODER_OPTIONS, throughCodec } from "../codec.ts";
import { cutShort, damaged, decoderFault } from "../fault.ts";

/** Members up to this many bytes, of eStargz for example, come by the thousand. */
const SMALL = 64 * 1024;

/**
 * Reads gzip: all members, one after the other, each checked against its checksum and length.
 * What follows the last member is ignored, be it zeros or not, as gzip(1) does. RFC 1952.
 *
 * Node's own `Gunzip` reads many members too, but loses the end of the last one when something else
 * follows it. `COMPRESSION_INVALID`, `TRUNCATED`
 */
export async function* gunzip(source: ByteSource): ByteStream {
  let previous = Infinity;
  for (let isFirst = true; ; isFirst = false) {
    await source.require(2);
    if (!isFirst && !atMagic(source)) {
      await source.drain(); // whoever hashes or counts the source sees all of it
      return;
    }
    await skipHeader(source);
    let crc = 0;
    let size = 0;
    const whole = previous <= SMALL ? await inflateSmall(source) : undefined;
    const content = whole === undefined ? inflate(source) : [whole];
    for await (const chunk of content) {
      crc = crc32(chunk, crc);
      size += chunk.byteLength;
      yield chunk;
    }
    await checkTrailer(source, crc, size);
    previous = size;
  }
}

function atMagic(source: ByteSource): boolean {
  if (source.available === 1 && source.view(0, 1)[0] === 0x1f) throw cutShort("gzip");
  return source.available >= 2 && source.view(0, 2).readUInt16BE() === 0x1f8b;
}

/** RFC 1952, 2.3. The name and the comment may be of any length: nothing of them is kept. */
async function skipHeader(source: ByteSource): Promise<void> {
  let crc = 0;
  const take = async (length: number): Promise<Buffer> => {
    await source.require(length);
    if (source.available < length) throw cutShort("gzip");
    const bytes = source.takeSome(length);
    crc = crc32(bytes, crc);
    return bytes;
  };
  const fixed = await take(10);
  const flags = fixed.readUInt8(3);
  if (!(fixed.readUInt16BE(0) === 0x1f8b && fixed[2] === 8))
    throw damaged("gzip", "the header is not gzip's");
  if ((flags & 0xe0) !== 0) throw damaged("gzip", "the header has flags that do not exist");
  if ((flags & 4) !== 0) await take((await take(2)).readUInt16LE());
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    for (let ended = false; !ended;) {
      if (!(await source.more())) throw cutShort("gzip");
      const zero = source.view(0, source.available).indexOf(0);
      ended = zero >= 0;
      await take(ended ? zero + 1 : source.available);
    }
  }
  if ((flags & 2) === 0) return;
  const expected = crc & 0xffff;
  if ((await take(2)).readUInt16LE() !== expected) throw damaged("gzip", "the header's checksum is wrong");
}

/** One deflate stream; the source then stands on the byte after it. */
async function* inflate(source: ByteSource): ByteStream {
  const codec = createInflateRaw(DECODER_OPTIONS);
  let taken = 0;
  try {
    yield* throughCodec(codec, async (write) => {
      while (!codec.destroyed && (await source.more())) {
        const length = source.available;
        await write(source.view(0, length));
        const consumed = codec.bytesWritten - taken;
        taken += consumed;
        source.advance(consumed);
        if (consumed < length) return;
      }
    });
  } catch (error) {
    throw decoderFault("gzip", error);
  }
}

/**
 * The same at once and without a thread, if the stream is small: then most of the time goes into
 * starting and stopping. `undefined` if it is not, or is damaged: `inflate` says how.
 */
async function inflateSmall(source: ByteSource): Promise<Buffer | undefined> {
  await source.require(SMALL);
  try {
    const input = source.view(0, Math.min(source.available, SMALL));
    // Node's types do not know what `info` gives back: https://nodejs.org/api/zlib.html#class-options
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { buffer, engine } = inflateRawSync(input, {
      info: true,
      chunkSize: SMALL,
      maxOutputLength: 4 * SMALL,
    }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    source.advance(engine.bytesWritten);
    return buffer;
  } catch {
    return undefined;
  }
}

async function checkTrailer(source: ByteSource, crc: number, size: number): Promise<void> {
  await source.require(8);
  if (source.available < 8) throw cutShort("gzip");
  const trailer = source.takeSome(8);
  if (trailer.readUInt32LE(0) !== crc) throw damaged("gzip", "the checksum is wrong");
  if (trailer.readUInt32LE(4) !== size % 2 ** 32) throw damaged("gzip", "the length is wrong");
}
