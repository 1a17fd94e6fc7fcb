import type { Cancellable } from "@cooper/archive";

/** Work that several begin at the same time, such as the images that one build stands on: done once for all. */
export class AtOnce<Result> {
  readonly #running = new Map<string, Promise<Result>>();

  /**
   * What `work` gives, which runs now for whoever named the same `key`, else begins. Where that fails,
   * perhaps because whoever began it was stopped, each does its own.
   */
  async once(key: string, work: () => Promise<Result>, { signal }: Cancellable): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) {
      try {
        return await running;
      } catch {
        signal?.throwIfAborted();
        return await work();
      }
    }
    const begun = work();
    this.#running.set(key, begun);
    try {
      return await begun;
    } finally {
      this.#running.delete(key);
    }
  }
}
