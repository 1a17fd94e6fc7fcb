import type { Cancellable } from "@cooper/archive";

/**
 * Runs tasks side by side. The first that fails ends the others, and only when all have ended does
 * its error go on: nothing is left running behind it.
 */
export async function together<Context extends Cancellable, const Tasks extends readonly Promise<unknown>[]>(
  context: Context,
  start: (inner: Context) => Tasks,
): Promise<{ [Index in keyof Tasks]: Awaited<Tasks[Index]> }> {
  const controller = new AbortController();
  const signal =
    context.signal === undefined ? controller.signal : AbortSignal.any([context.signal, controller.signal]);
  const tasks = start({ ...context, signal });
  try {
    return await Promise.all(tasks);
  } catch (error) {
    controller.abort(error);
    await Promise.allSettled(tasks);
    throw error;
  }
}
