import { setImmediate as nextTurn } from "node:timers/promises";

/** How long calls that block may follow each other, in milliseconds. */
const LONGEST = 20;

/**
 * Calls to the file system block, since that is several times as fast as waiting for each; now and
 * then everything else gets its turn: timers, sockets, and whoever wants to abort.
 */
export class Turn {
  #start = performance.now();

  /** Whether it is time for `next`. */
  get isOver(): boolean {
    return performance.now() - this.#start > LONGEST;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#start = performance.now();
  }
}
