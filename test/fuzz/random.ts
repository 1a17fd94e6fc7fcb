/** Random numbers that a seed repeats (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let index = 0; index < length; index++) bytes[index] = this.below(256);
    return bytes;
  }

  /** A copy with some bytes changed, cut out, doubled, or the end cut off. */
  damage(bytes: Uint8Array): Buffer {
    let damaged = Buffer.from(bytes);
    for (let times = 1 + this.below(4); times > 0; times--) {
      const at = this.below(damaged.length + 1);
      const length = this.below(64);
      switch (this.below(5)) {
        case 0:
          if (at < damaged.length) damaged[at] = this.below(256);
          break;
        case 1:
          if (at < damaged.length) damaged[at] = (damaged[at] ?? 0) ^ (1 << this.below(8));
          break;
        case 2:
          damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + length)]);
          break;
        case 3:
          damaged = Buffer.concat([damaged.subarray(0, at + length), damaged.subarray(at)]);
          break;
        default:
          damaged = damaged.subarray(0, at);
      }
    }
    return damaged;
  }
}
