import type { Cancellable } from "@cooper/archive";

/**
 * Does some work for each item, so many at a time, and gives what came of it in the items' order. The
 * first fault stops the others; it is thrown when none of them is running any more.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, options: Cancellable) => Promise<Result>,
  options: Cancellable = {},
): Promise<readonly Result[]> {
  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
  const results: Result[] = [];
  const waiting = items.entries();
  const lane = async (): Promise<void> => {
    for (const [place, item] of waiting) {
      signal.throwIfAborted();
      // oxlint-disable-next-line no-await-in-loop
      results[place] = await work(item, { signal });
    }
  };
  const lanes = Array.from({ length: Math.min(limit, items.length) }, async () => {
    try {
      await lane();
    } catch (error) {
      abort.abort(error);
      throw error;
    }
  });
  const ended = await Promise.allSettled(lanes);
  if (ended.some(({ status }) => status === "rejected")) throw signal.reason;
  return results;
}
