/**
 * What a request is for. Each lane of a host has its own limit, and that is what keeps a copy within
 * one registry from waiting for itself: an upload holds its place while it opens the download that
 * feeds it, and no download ever waits for an upload.
 */
export type LaneName = "download" | "upload" | "short";

/** Lets `limit` holders through at a time, in the order in which they came. */
export class Lane {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits for a place and gives what frees it; calling that twice is harmless. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#held >= this.#limit) await this.#turn(signal);
    else this.#held++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#held--;
      else next(); // the place is handed on, so that nobody comes in between
    };
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener("abort", give);
        resolve();
      };
      const give = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", give, { once: true });
      this.#waiting.push(enter);
    });
  }
}
