/** A stream that says whether it was closed, be it read to its end or left. */
export interface WatchedStream extends AsyncIterable<Uint8Array> {
  readonly state: { closed: boolean; given: number };
}

/** Gives these chunks; then ends, or throws what `failure` is. */
export function watchedStream(chunks: Iterable<Uint8Array>, failure?: Error): WatchedStream {
  const state = { closed: false, given: 0 };
  async function* give(): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of chunks) {
        state.given += 1;
        yield chunk;
      }
      if (failure !== undefined) throw failure;
    } finally {
      state.closed = true;
    }
  }
  return Object.assign(give(), { state });
}

/** Cuts bytes into pieces of these lengths, again and again until the end; a length of 0 gives an empty piece. */
export function* piecesOf(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  if (!lengths.some((length) => length > 0)) throw new Error("pieces of no length never end");
  let position = 0;
  for (let index = 0; position < bytes.byteLength; index++) {
    const length = lengths[index % lengths.length] ?? 1;
    yield bytes.subarray(position, position + length);
    position += length;
  }
}

/** Bytes that compress about as programs do, and are the same everywhere. */
export function sampleBytes(length: number, seed: number = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0;
  let position = 0;
  while (position < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const run = 4 + ((state >>> 8) & 31);
    const back = 1 + ((state >>> 13) % 30_000);
    const copy = (state & 0x80000000) !== 0 && back <= position;
    for (let index = 0; index < run && position < length; index++, position++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[position] = copy ? (bytes[position - back] ?? 0) : state >>> 27;
    }
  }
  return bytes;
}
