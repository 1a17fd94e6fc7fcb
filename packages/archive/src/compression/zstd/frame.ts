import { damaged, unsupported } from "../fault.ts";

/** RFC 8878, 3.1.1: the longest header of a frame, with its magic number. */
export const MAX_FRAME_HEADER = 18;

/** RFC 8878, 3.1.1.2: no block has more content than this. */
const MAX_BLOCK = 128 * 1024;

/** What `zstd` itself reads unless told otherwise; more is memory that a stranger makes us take. */
const MAX_WINDOW = 128 * 2 ** 20;

/** What a frame's header tells (RFC 8878, 3.1.1.1). */
export interface ZstdFrameHeader {
  /** Bytes of the header itself, the magic number included. */
  readonly length: number;
  /** Bytes of the frame's content, where the header tells. */
  readonly contentSize: number | undefined;
  /** Bytes of content that a reader must keep. */
  readonly windowSize: number;
  readonly hasChecksum: boolean;
}

export type ZstdMagic = "frame" | "skippable" | "unknown";

export function zstdMagic(bytes: Buffer): ZstdMagic {
  if (bytes.length < 4) return "unknown";
  const magic = bytes.readUInt32LE(0);
  if (magic === 0xfd2fb528) return "frame";
  return (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? "skippable" : "unknown";
}

/**
 * Reads a header from the first bytes of a frame; `undefined` if they are too few.
 * `COMPRESSION_INVALID`, `COMPRESSION_UNSUPPORTED`
 */
export function parseFrameHeader(bytes: Buffer): ZstdFrameHeader | undefined {
  if (bytes.length < 6) return undefined;
  const descriptor = bytes.readUInt8(4);
  if ((descriptor & 0x08) !== 0) throw damaged("zstd", "a reserved bit of a frame's header is set");
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFlag = descriptor >> 6;
  const sizeLength = [isSingleSegment ? 1 : 0, 2, 4, 8][sizeFlag] ?? 0;
  const length = 5 + (isSingleSegment ? 0 : 1) + dictionaryLength + sizeLength;
  if (bytes.length < length) return undefined;

  let position = isSingleSegment ? 5 : 6;
  if (dictionaryLength > 0 && bytes.readUIntLE(position, dictionaryLength) !== 0) {
    throw unsupported("zstd", "a frame needs a dictionary", "Compress it again without a dictionary.");
  }
  position += dictionaryLength;
  const contentSize = readContentSize(bytes, position, sizeLength);
  const windowSize = isSingleSegment ? (contentSize ?? 0) : windowSizeOf(bytes.readUInt8(5));
  if (windowSize > MAX_WINDOW && (contentSize === undefined || contentSize > MAX_WINDOW)) {
    throw unsupported(
      "zstd",
      `a frame needs a window of ${windowSize} bytes, and ${MAX_WINDOW} are allowed`,
      "Compress it again without --long or --ultra.",
    );
  }
  return { length, contentSize, windowSize, hasChecksum: (descriptor & 4) !== 0 };
}

function readContentSize(bytes: Buffer, position: number, length: number): number | undefined {
  switch (length) {
    case 0:
      return undefined;
    case 2:
      return bytes.readUInt16LE(position) + 256;
    case 8:
      return Number(bytes.readBigUInt64LE(position));
    default:
      return bytes.readUIntLE(position, length);
  }
}

/** RFC 8878, 3.1.1.1.2. */
function windowSizeOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Finds the end of a frame behind its header, in pieces of any length, by the headers of its blocks. */
export class BlockWalker {
  readonly #maxBlock: number;
  #trailer: number;
  /** Bytes of the block's content, or of the frame's checksum, still to pass. */
  #remaining = 0;
  #header = 0;
  #headerBytes = 0;
  #sawLastBlock = false;

  constructor({ windowSize, hasChecksum }: ZstdFrameHeader) {
    this.#maxBlock = Math.min(MAX_BLOCK, Math.max(windowSize, 1));
    this.#trailer = hasChecksum ? 4 : 0;
  }

  get hasEnded(): boolean {
    return this.#sawLastBlock && this.#remaining === 0 && this.#trailer === 0;
  }

  /** How many of these bytes belong to the frame. `COMPRESSION_INVALID` */
  walk(bytes: Uint8Array): number {
    let position = 0;
    while (position < bytes.length && !this.hasEnded) {
      if (this.#remaining > 0) {
        const step = Math.min(this.#remaining, bytes.length - position);
        this.#remaining -= step;
        position += step;
      } else if (this.#sawLastBlock) {
        this.#remaining = this.#trailer;
        this.#trailer = 0;
      } else {
        this.#header |= (bytes[position] ?? 0) << (8 * this.#headerBytes);
        position += 1;
        this.#headerBytes += 1;
        if (this.#headerBytes === 3) this.#startBlock();
      }
    }
    return position;
  }

  /** RFC 8878, 3.1.1.2. */
  #startBlock(): void {
    const type = (this.#header >> 1) & 3;
    const size = this.#header >> 3;
    if (type === 3) throw damaged("zstd", "a block is of a reserved type");
    if (size > this.#maxBlock) throw damaged("zstd", "a block is too large");
    this.#sawLastBlock = (this.#header & 1) !== 0;
    this.#remaining = type === 1 ? 1 : size; // one byte that is repeated `size` times
    this.#header = 0;
    this.#headerBytes = 0;
  }
}
