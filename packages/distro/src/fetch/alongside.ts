import type { ByteStream } from "@cooper/archive";

/** Reads bytes while they pass to somebody else. They end early where the stream failed: what it read is void then. */
export type AlongReader = (bytes: ByteStream) => Promise<unknown>;

/**
 * The same stream, which `read` is given too, at the pace of the slower of the two. A reader
 * that stops or fails is let go, and nothing here waits for its result: whoever gave it does.
 */
export async function* alongside(stream: ByteStream, read: AlongReader): ByteStream {
  const passage = new Passage();
  const reading = read(passage.bytes()).then(passage.close, passage.close);
  try {
    for await (const chunk of stream) {
      // Views of it: whoever writes one gives back a chunk that was lent, and the other still reads it.
      await passage.put(chunk.subarray());
      yield chunk.subarray();
    }
  } finally {
    passage.end();
    await reading;
  }
}

/** Bytes that may wait for the second reader. */
const MOST_WAITING = 2 ** 20;

/** Between two, of which the second may be so far behind; it gets what waits for it as one, so that it catches up. */
class Passage {
  #waiting: Uint8Array[] = [];
  #size = 0;
  #isEnded = false;
  #isClosed = false;
  /** Wakes who waits on either side. */
  #wake: () => void = () => {};

  async put(chunk: Uint8Array): Promise<void> {
    while (this.#size >= MOST_WAITING && !this.#isClosed) await this.#change();
    if (this.#isClosed) return;
    this.#waiting.push(chunk);
    this.#size += chunk.byteLength;
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** Nobody takes any more. */
  readonly close = (): void => {
    this.#isClosed = true;
    this.#wake();
  };

  async *bytes(): ByteStream {
    for (;;) {
      const chunks = this.#waiting;
      const [first] = chunks;
      if (first !== undefined) {
        const size = this.#size;
        this.#waiting = [];
        this.#size = 0;
        this.#wake();
        yield chunks.length === 1 ? first : Buffer.concat(chunks, size);
      } else if (this.#isEnded) return;
      else await this.#change();
    }
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
