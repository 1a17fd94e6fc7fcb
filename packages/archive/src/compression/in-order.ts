import { availableParallelism } from "node:os";

/**
 * How many jobs to keep going on libuv's threads: as many as can run, and two that wait so that no
 * thread is idle while the main thread reads, hashes or writes.
 */
export function jobsInFlight(): number {
  const threads = Number(process.env["UV_THREADPOOL_SIZE"] ?? 4) || 4;
  return Math.min(availableParallelism(), threads) + 2;
}

/**
 * Does `work` on each item, several at once, and gives the results in the order of the items. The
 * first error ends it. It ends only when no job is running any more, so memory that a job uses is
 * free afterwards.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const width = jobsInFlight();
  const running: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const job = work(item);
      job.catch(() => {}); // it is awaited below, maybe only after others; until then it is nobody's rejection
      running.push(job);
      if (running.length < width) continue;
      const first = running.shift();
      if (first !== undefined) yield await first;
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first;
  } finally {
    await Promise.allSettled(running);
  }
}
