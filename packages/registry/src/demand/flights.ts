/** Something under way that several wait for. */
export interface Flight {
  /** Settles when it has ended, however. */
  readonly done: Promise<unknown>;
}

/** A place in a flight. */
export interface Boarded<F extends Flight> {
  readonly flight: F;
  /** Nobody waits here any more. */
  readonly leave: () => void;
}

interface Entry<F extends Flight> {
  readonly flight: F;
  readonly controller: AbortController;
  waiting: number;
  linger: NodeJS.Timeout | undefined;
}

/**
 * Lets one piece of work at a time go on for a key, however many ask for it. Where nobody waits any
 * more it goes on for a while, since a client whose patience ended often asks again, and is then stopped.
 */
export class Flights<F extends Flight> {
  readonly #flights = new Map<string, Entry<F>>();
  readonly #lingerMs: number;

  constructor({ lingerSeconds }: { readonly lingerSeconds: number }) {
    this.#lingerMs = lingerSeconds * 1000;
  }

  /** Joins the flight of this key, or starts one. Leave it in any case. */
  board(key: string, start: (signal: AbortSignal) => F): Boarded<F> {
    const entry = this.#flights.get(key) ?? this.#start(key, start);
    entry.waiting += 1;
    clearTimeout(entry.linger);
    let isAboard = true;
    return {
      flight: entry.flight,
      leave: () => {
        if (!isAboard) return;
        isAboard = false;
        entry.waiting -= 1;
        if (entry.waiting > 0 || this.#flights.get(key) !== entry) return;
        entry.linger = setTimeout(() => entry.controller.abort(new Abandoned()), this.#lingerMs);
        entry.linger.unref();
      },
    };
  }

  /** How many wait for what is under way. */
  waiting(key: string): number {
    return this.#flights.get(key)?.waiting ?? 0;
  }

  /** Stops a flight. Whether there was one. */
  stop(key: string, reason: unknown): boolean {
    const entry = this.#flights.get(key);
    entry?.controller.abort(reason);
    return entry !== undefined;
  }

  /** Stops all, and waits for their ends. */
  async close(reason: unknown): Promise<void> {
    const entries = [...this.#flights.values()];
    for (const { controller } of entries) controller.abort(reason);
    await Promise.allSettled(entries.map(({ flight }) => flight.done));
  }

  #start(key: string, start: (signal: AbortSignal) => F): Entry<F> {
    const controller = new AbortController();
    const entry: Entry<F> = { flight: start(controller.signal), controller, waiting: 0, linger: undefined };
    this.#flights.set(key, entry);
    const end = (): void => {
      clearTimeout(entry.linger);
      if (this.#flights.get(key) === entry) this.#flights.delete(key);
    };
    void entry.flight.done.then(end, end);
    return entry;
  }
}

/** Nobody waits for it any more. */
export class Abandoned extends Error {
  override readonly name = "Abandoned";
  override readonly message = "it was stopped, because nobody waited for it any more";
}
