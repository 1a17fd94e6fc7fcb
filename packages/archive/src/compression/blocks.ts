import type { ByteStream } from "../bytes.ts";
import { giveBack } from "../reuse.ts";

export interface BlockOptions {
  /** Bytes of each block but the last. */
  readonly size: number;
  /** Where memory for a block comes from: at least `size` bytes. */
  readonly take: () => Buffer<ArrayBuffer>;
}

/**
 * Cuts a stream into blocks of one size, wherever its own chunks end; the last is shorter and never
 * empty. Each block has its own memory.
 */
export async function* blocks(
  stream: ByteStream,
  { size, take }: BlockOptions,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  let block: Buffer<ArrayBuffer> | undefined;
  let filled = 0;
  for await (const chunk of stream) {
    let position = 0;
    while (position < chunk.byteLength) {
      block ??= take();
      const length = Math.min(size - filled, chunk.byteLength - position);
      block.set(chunk.subarray(position, position + length), filled);
      filled += length;
      position += length;
      if (filled < size) continue;
      yield block.subarray(0, size);
      block = undefined;
      filled = 0;
    }
    giveBack(chunk);
  }
  if (block !== undefined) yield block.subarray(0, filled);
}
