import { ArchiveError } from "./errors.ts";

/**
 * Bytes on the move, in order. Node's `Readable` and the web's `ReadableStream` both are one.
 *
 * Whoever iterates it owns it: leaving a `for await` early closes the source. Chunks may be of any
 * length, also empty, and belong to the reader once given; a producer never reuses a chunk's memory
 * before its last reader gives it back (`giveBack`), and readers need not.
 */
export type ByteStream = AsyncIterable<Uint8Array>;

/** What makes a long operation stop: passed all the way down. */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

/** A stream of exactly these chunks. A string stands for its UTF-8 bytes. */
export async function* fromBytes(...chunks: readonly (Uint8Array | string)[]): ByteStream {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

export interface CollectOptions {
  /** Bytes; a stream that has more is an error. What comes from outside always needs one. */
  readonly limit: number;
}

/** All bytes of a stream in memory: for manifests and the like, never for a layer. `LIMIT_EXCEEDED` */
export async function collect(stream: ByteStream, { limit }: CollectOptions): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new ArchiveError("LIMIT_EXCEEDED", `more than the ${limit} bytes that are allowed here`, {
        fields: { limit },
      });
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? asBuffer(chunks[0]) : Buffer.concat(chunks, size);
}

/** The same memory seen as a `Buffer`. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Closes a stream that nobody will read. Needed where a stream is given away unread: a generator
 * that never started holds nothing, but a socket or a peeked stream does.
 */
export async function discard(stream: ByteStream): Promise<void> {
  // Returning from a Readable's iterator that never started leaves the Readable open.
  if ("destroy" in stream && typeof stream.destroy === "function") {
    stream.destroy();
    return;
  }
  await stream[Symbol.asyncIterator]().return?.();
}
