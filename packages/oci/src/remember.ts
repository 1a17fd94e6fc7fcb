import type { Cancellable } from "@cooper/archive";

/** A question that costs something and always has the same answer. */
export type Question<Answer> = (options?: Cancellable) => Promise<Answer>;

/**
 * Asks once and remembers the answer; who asks meanwhile waits for it. A failure is not remembered,
 * and whoever waited for one that was only cancelled by somebody else asks again.
 */
export function remember<Answer>(ask: (options: Cancellable) => Promise<Answer>): Question<Answer> {
  let asked: Promise<Answer> | undefined;
  return async function answer(options: Cancellable = {}): Promise<Answer> {
    options.signal?.throwIfAborted();
    const isFirst = asked === undefined;
    const current = (asked ??= ask(options));
    try {
      return await current;
    } catch (error) {
      if (asked === current) asked = undefined;
      if (!isFirst && isAbort(error) && options.signal?.aborted !== true) return await answer(options);
      throw error;
    }
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}
