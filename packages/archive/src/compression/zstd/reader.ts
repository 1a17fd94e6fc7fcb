import { createZstdDecompress, zstdDecompress, zstdDecompressSync } from "node:zlib";
import type { ByteStream } from "../../bytes.ts";
import type { ByteSource } from "../../tar/byte-source.ts";
import { DECODER_OPTIONS, throughCodec } from "../codec.ts";
import { cutShort, damaged, decoderFault } from "../fault.ts";
import { jobsInFlight } from "../in-order.ts";
import { BlockWalker, MAX_FRAME_HEADER, parseFrameHeader, zstdMagic } from "./frame.ts";
import type { ZstdFrameHeader } from "./frame.ts";

/** Frames with up to this much content are gathered and decompressed several at once. */
const WHOLE_FRAME = 4 * 1024 * 1024;
/** Below this, handing a frame to another thread takes longer than decompressing it. */
const TINY_FRAME = 32 * 1024;

/**
 * Reads zstd: all frames, one after the other, past skippable ones, with their checksums. RFC 8878.
 *
 * Node 24 stops silently after the first frame (nodejs/node#64741), so this finds where each frame
 * ends and never gives zlib more than one. `COMPRESSION_INVALID`, `COMPRESSION_UNSUPPORTED`, `TRUNCATED`
 */
export async function* unzstd(source: ByteSource): ByteStream {
  const width = jobsInFlight();
  const running: Promise<Buffer>[] = [];
  try {
    while (await source.more()) {
      await source.require(MAX_FRAME_HEADER);
      const head = source.view(0, Math.min(source.available, MAX_FRAME_HEADER));
      const magic = zstdMagic(head);
      if (magic === "skippable") {
        await skipFrame(source);
        continue;
      }
      if (magic === "unknown") {
        throw head.length < 4 ? cutShort("zstd") : damaged("zstd", "something else follows a frame");
      }
      const header = parseFrameHeader(head);
      if (header === undefined) throw cutShort("zstd");
      if (header.contentSize !== undefined && header.contentSize <= WHOLE_FRAME) {
        const frame = await gather(source, header, header.contentSize);
        const job = decompressFrame(frame, header.contentSize);
        job.catch(() => {}); // it is awaited below, maybe only after others; until then it is nobody's rejection
        running.push(job);
        const first = running.length < width ? undefined : running.shift();
        if (first !== undefined) yield await first;
      } else {
        for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first;
        yield* streamFrame(source, header);
      }
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first;
  } finally {
    await Promise.allSettled(running);
  }
}

/** RFC 8878, 3.1.2. */
async function skipFrame(source: ByteSource): Promise<void> {
  if (source.available < 8) throw cutShort("zstd");
  let remaining = 8 + source.view(4, 4).readUInt32LE();
  while (remaining > 0) {
    if (!(await source.more())) throw cutShort("zstd");
    remaining -= source.takeSome(remaining).length;
  }
}

/** The pieces of one frame; afterwards the source stands on the byte after it. */
async function* framePieces(source: ByteSource, header: ZstdFrameHeader): AsyncGenerator<Buffer> {
  yield source.takeSome(header.length);
  const walker = new BlockWalker(header);
  while (!walker.hasEnded) {
    if (!(await source.more())) throw cutShort("zstd");
    const length = walker.walk(source.view(0, source.available));
    yield source.takeSome(length);
  }
}

async function gather(source: ByteSource, header: ZstdFrameHeader, contentSize: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of framePieces(source, header)) {
    pieces.push(piece);
    length += piece.length;
    // Nobody's compressor doubles anything; a frame of endless empty blocks would fill the memory.
    if (length > 2 * contentSize + 64 * 1024) throw damaged("zstd", "a frame is longer than its content");
  }
  return Buffer.concat(pieces, length);
}

async function decompressFrame(frame: Buffer, contentSize: number): Promise<Buffer> {
  // One byte more than the content, so that zlib sees the end without asking for a second buffer.
  const options = { chunkSize: Math.max(contentSize + 1, 64), maxOutputLength: Math.max(contentSize, 1) };
  try {
    const content =
      contentSize <= TINY_FRAME
        ? zstdDecompressSync(frame, options)
        : await new Promise<Buffer>((resolve, reject) => {
            zstdDecompress(frame, options, (error, result) => {
              if (error === null) resolve(result);
              else reject(error);
            });
          });
    if (content.length !== contentSize) throw damaged("zstd", "a frame's length is wrong");
    return content;
  } catch (error) {
    throw decoderFault("zstd", error);
  }
}

async function* streamFrame(source: ByteSource, header: ZstdFrameHeader): ByteStream {
  const codec = createZstdDecompress(DECODER_OPTIONS);
  try {
    yield* throughCodec(codec, async (write) => {
      for await (const piece of framePieces(source, header)) {
        if (codec.destroyed) return;
        await write(piece);
      }
    });
  } catch (error) {
    throw decoderFault("zstd", error);
  }
}
