import type { Readable } from "node:stream";
import { lend } from "@cooper/archive";

/** What may wait for its reader: bytes. */
const WAITING_MOST = 512 * 1024;

/**
 * The chunks of a body one by one, as the socket gave them. A Readable's own iterator joins those that
 * wait, which copies every byte once more; and whoever gives a chunk back frees its memory at once,
 * where the collector would have to look for it.
 */
export async function* arriving(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let isOver = false;
  let fault: Error | undefined;
  let wake: (() => void) | undefined;
  const finish = (): void => {
    isOver = true;
    wake?.();
  };
  const fail = (error: Error): void => {
    fault ??= error;
    finish();
  };
  if (body.errored !== null) throw body.errored;
  body.on("end", finish);
  body.on("error", fail);
  body.on("close", () => {
    if (!body.readableEnded) fail(new Error("the body was closed before its end"));
  });
  body.on("data", (chunk: Buffer) => {
    waiting.push(freed(chunk));
    size += chunk.byteLength;
    if (size >= WAITING_MOST) body.pause();
    wake?.();
  });
  for (;;) {
    const given = waiting;
    waiting = [];
    size = 0;
    yield* given;
    if (waiting.length > 0) continue;
    if (fault !== undefined) throw fault;
    if (isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    body.resume();
    await promise;
  }
}

/** Only what has its memory for itself can be freed. */
function freed(chunk: Buffer): Buffer {
  const { buffer } = chunk;
  if (chunk.byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return chunk;
  return lend(chunk, () => void buffer.transfer(0));
}
