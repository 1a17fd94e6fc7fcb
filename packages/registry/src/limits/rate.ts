export interface RateOptions {
  readonly perSecond: number;
  /** How many may come at once after a rest. */
  readonly burst: number;
}

interface Bucket {
  /** What is left, at the time of `filled`. */
  level: number;
  filled: number;
}

/** Clients that are remembered; those that were seen last. One that is forgotten starts with a full bucket. */
const MAX_CLIENTS = 20_000;

/** How often each client may do something (a token bucket for each). Times are milliseconds of one clock. */
export class RateLimit {
  readonly #options: RateOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateOptions) {
    this.#options = options;
  }

  /** Takes one from the client's bucket and gives 0; or gives the seconds until there is one. */
  take(client: string, now: number): number {
    const { perSecond, burst } = this.#options;
    const bucket = this.#buckets.get(client) ?? { level: burst, filled: now };
    bucket.level = Math.min(burst, bucket.level + ((now - bucket.filled) / 1000) * perSecond);
    bucket.filled = now;
    // The map keeps the order of insertion: who comes goes to the end.
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    const [longestAgo] = this.#buckets.keys();
    if (this.#buckets.size > MAX_CLIENTS && longestAgo !== undefined) this.#buckets.delete(longestAgo);
    if (bucket.level < 1) return (1 - bucket.level) / perSecond;
    bucket.level -= 1;
    return 0;
  }
}
