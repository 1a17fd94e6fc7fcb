import type { ByteSource } from "./byte-source.ts";
import { truncated } from "./fault.ts";

/** From here on, headers that go on and on are waited for in growing steps, so that none is read often. */
const GROWTH_FLOOR = 64 * 1024;

/** Looks at what comes next in a source without taking it, and remembers how much was missing. */
export class Lookahead {
  readonly source: ByteSource;
  #needed = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Bytes that the last look which gave nothing would have needed together. */
  get needed(): number {
    return this.#needed;
  }

  /** Bytes `at` to `at + length` from here, if they have arrived. `TRUNCATED` if they never will. */
  look(at: number, length: number, inside: string): Buffer | undefined {
    const { source } = this;
    const end = at + length;
    if (source.available >= end) return source.view(at, length);
    if (source.hasEnded) throw truncated(inside, source.offset + source.available);
    this.#needed = end > GROWTH_FLOOR ? Math.max(end, 2 * source.available) : end;
    return undefined;
  }
}
