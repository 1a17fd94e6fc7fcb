/** Bytes of memory for a piece of a blob on its way out. */
const LARGE = 1024 * 1024;
const SMALL = 128 * 1024;
/** So many transfers at once go in large pieces; with more, each has to do with less. */
const MAX_LARGE = 64;
const MAX_SPARE = 16;

const spare: Buffer[] = [];
let largeInUse = 0;

/** Memory for one transfer. */
export interface Piece {
  readonly memory: Buffer;
  /**
   * Ends the transfer. "unsafe": its memory may still be read, because the connection broke with a
   * piece under way, and is left to the garbage collector.
   */
  readonly release: (outcome: "safe" | "unsafe") => void;
}

/**
 * Memory for a transfer of `length` bytes: as much as makes it fast, and bounded over all of them,
 * since a client that reads slowly holds it for as long as it likes.
 */
export function takePiece(length: number): Piece {
  if (length <= SMALL || largeInUse >= MAX_LARGE) {
    return { memory: Buffer.allocUnsafe(Math.min(length, SMALL)), release: () => {} };
  }
  largeInUse += 1;
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(LARGE);
  return {
    memory,
    release: (outcome) => {
      largeInUse -= 1;
      if (outcome === "safe" && spare.length < MAX_SPARE) spare.push(memory);
    },
  };
}
