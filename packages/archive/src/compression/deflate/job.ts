/** Bytes in their memory, with what comes before them as far as they may refer to it. */
export interface DeflateJob {
  readonly memory: ArrayBuffer;
  /** Where the bytes begin. */
  readonly start: number;
  /** At most 1 MiB: the module has no room for more. */
  readonly length: number;
  /** How many bytes before `start` may be referred to: at most 32 KiB. */
  readonly window: number;
  /** Where the deflated bytes go, from its beginning: at least `DEFLATED_MOST`. */
  readonly output: ArrayBuffer;
}

/** What a block can become at most: what does not get smaller is stored, and a little is around it. */
export const DEFLATED_MOST: number = 1024 * 1024 + 4096;

/** The memory of the job, to be used again; what the job itself has is detached. */
export interface Deflated {
  readonly memory: ArrayBuffer;
  readonly output: ArrayBuffer;
  /** How many bytes of `output` were written. */
  readonly size: number;
}
