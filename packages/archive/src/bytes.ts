/**
 * Bytes on the move, in order. Node's `Readable` and the web's `ReadableStream` both are one.
 *
 * Whoever iterates it owns it: leaving a `for await` early closes the source. Chunks may be of any
 * length, also empty, and belong to the reader once given; a producer never reuses a chunk's memory.
 */
export type ByteStream = AsyncIterable<Uint8Array>;

/** What makes a long operation stop: passed all the way down. */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}
