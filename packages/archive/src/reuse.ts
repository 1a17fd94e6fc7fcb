/** Memory that its producer wants back, and what it does with it then. */
const lenders = new WeakMap<Uint8Array, () => void>();

/**
 * Marks a chunk whose memory its producer can use again once its last reader has done with it. Large
 * chunks are memory outside the collector's heap: to find what is free there it looks through
 * everything, every few dozen megabytes, which took a tenth of the time of packing a layer.
 */
export function lend<Chunk extends Uint8Array>(chunk: Chunk, takeBack: (chunk: Chunk) => void): Chunk {
  lenders.set(chunk, () => takeBack(chunk));
  return chunk;
}

/**
 * To be called by the last reader of a chunk, which does not look at it again. What nobody lent, or
 * what is only a piece of it, is the collector's as ever.
 */
export function giveBack(chunk: Uint8Array): void {
  const lender = lenders.get(chunk);
  if (lender === undefined) return;
  lenders.delete(chunk);
  lender();
}

/**
 * Memory of one size, used again. Fresh buffers would do, but the collector sees little of what
 * they hold outside its heap and lets hundreds of megabytes of them lie around.
 */
export class BlockPool {
  readonly size: number;
  readonly #free: Buffer<ArrayBuffer>[] = [];

  /** `size` in bytes. */
  constructor(size: number) {
    this.size = size;
  }

  /** A block whose content is whatever was there last. */
  readonly take = (): Buffer<ArrayBuffer> => this.#free.pop() ?? Buffer.allocUnsafeSlow(this.size);

  /** Gives back a block, or a part of one, that nobody will look at again. */
  readonly giveBack = (block: Buffer<ArrayBuffer>): void => {
    if (this.#free.length < MOST_FREE) this.#free.push(Buffer.from(block.buffer, 0, this.size));
  };
}

/** More lie idle only after a peak. */
const MOST_FREE = 16;
