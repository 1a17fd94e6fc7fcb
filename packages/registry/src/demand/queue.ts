import { RegistryError } from "../errors.ts";

export interface QueueLimits {
  /** So many go on at once. */
  readonly running: number;
  /** So many wait at most; more are refused. */
  readonly waiting: number;
  /** So many of one visitor's go on or wait; more are refused. */
  readonly perVisitor: number;
  /** Nothing is begun while the process has more than this in memory, unless nothing goes on. Bytes. */
  readonly memoryBytes: number;
}

export interface Place {
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

interface Turn {
  readonly begin: () => void;
}

const RETRY_SECONDS = 10;
/** How often it is looked whether memory has become free. */
const MEMORY_POLL_MS = 250;

/** Lets work begin in the order it came, as far as limits allow. */
export class Queue {
  readonly #limits: QueueLimits;
  /** What is waited for, in the words of a refusal: "images are being made". */
  readonly #what: string;
  readonly #waiting: Turn[] = [];
  readonly #visitors = new Map<string, number>();
  #running = 0;
  #poll: NodeJS.Timeout | undefined;

  constructor(what: string, limits: QueueLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** A place to wait in, which is to be used: what it runs begins when its turn has come. `TOOMANYREQUESTS` */
  admit(visitor: string): Place {
    this.#admit(visitor);
    return { run: async (work, signal) => await this.#run(visitor, work, signal) };
  }

  async #run<T>(visitor: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      await this.#turn(signal);
      try {
        return await work();
      } finally {
        this.#running -= 1;
        this.#next();
      }
    } finally {
      const left = (this.#visitors.get(visitor) ?? 1) - 1;
      if (left === 0) this.#visitors.delete(visitor);
      else this.#visitors.set(visitor, left);
    }
  }

  #admit(visitor: string): void {
    const own = this.#visitors.get(visitor) ?? 0;
    const { perVisitor, waiting } = this.#limits;
    if (own >= perVisitor) throw refused(`${own} of your ${this.#what}; no more than ${perVisitor} may`);
    if (this.#waiting.length >= waiting && !this.#isFree()) {
      throw refused(`${this.#running} ${this.#what}, and ${waiting} wait`);
    }
    this.#visitors.set(visitor, own + 1);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.length === 0 && this.#isFree()) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn: Turn = {
        begin: () => {
          signal.removeEventListener("abort", give);
          resolve();
        },
      };
      const give = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", give, { once: true });
      this.#waiting.push(turn);
      this.#watchMemory();
    });
  }

  #next(): void {
    while (this.#isFree()) {
      const turn = this.#waiting.shift();
      if (turn === undefined) return;
      this.#running += 1;
      turn.begin();
    }
    this.#watchMemory();
  }

  #isFree(): boolean {
    if (this.#running >= this.#limits.running) return false;
    return this.#running === 0 || process.memoryUsage.rss() < this.#limits.memoryBytes;
  }

  /** Nobody tells when memory becomes free. */
  #watchMemory(): void {
    if (this.#poll !== undefined || this.#waiting.length === 0) return;
    this.#poll = setTimeout(() => {
      this.#poll = undefined;
      this.#next();
    }, MEMORY_POLL_MS);
    this.#poll.unref();
  }
}

function refused(why: string): RegistryError {
  return new RegistryError("TOOMANYREQUESTS", why, {
    headers: { "Retry-After": String(RETRY_SECONDS) },
    advice: `Try again in ${RETRY_SECONDS} seconds`,
  });
}
