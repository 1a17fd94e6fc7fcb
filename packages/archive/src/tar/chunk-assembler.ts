import { asBuffer } from "../bytes.ts";
import { BlockPool, lend } from "../reuse.ts";

/** Bytes in a chunk of output. */
const CHUNK_SIZE = 1024 * 1024;

/** From this size on, a piece is passed on as it is: a copy would cost more than one more chunk. */
const PASS_SIZE = 128 * 1024;

const pool = new BlockPool(CHUNK_SIZE);

/** Gathers small pieces in chunks of 1 MiB and lets large ones through uncopied. */
export class ChunkAssembler {
  #memory = new SharedBlock();
  #start = 0;
  #end = 0;
  #ready: Uint8Array[] = [];

  /** Whether `take` has something to give. */
  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  add(piece: Uint8Array): void {
    if (piece.byteLength >= PASS_SIZE) {
      this.#flush();
      this.#ready.push(piece);
      return;
    }
    const bytes = asBuffer(piece);
    for (let done = 0; done < bytes.length;) {
      const copied = bytes.copy(this.#memory.bytes, this.#end, done);
      done += copied;
      this.#advance(copied);
    }
  }

  addZeros(length: number): void {
    for (let rest = length; rest > 0;) {
      const some = Math.min(rest, CHUNK_SIZE - this.#end);
      this.#memory.bytes.fill(0, this.#end, this.#end + some);
      rest -= some;
      this.#advance(some);
    }
  }

  /** The chunks that are full. */
  take(): readonly Uint8Array[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** The chunks that are full and what there is of the next. Nothing can be added any more. */
  takeAll(): readonly Uint8Array[] {
    this.#flush();
    this.#memory.close();
    return this.take();
  }

  #advance(length: number): void {
    this.#end += length;
    if (this.#end < CHUNK_SIZE) return;
    this.#flush();
    this.#memory.close();
    this.#memory = new SharedBlock();
    this.#start = 0;
    this.#end = 0;
  }

  /** What was given away is never written to again: the rest of the memory is. */
  #flush(): void {
    if (this.#end > this.#start) this.#ready.push(this.#memory.lend(this.#start, this.#end));
    this.#start = this.#end;
  }
}

/** A block whose parts go different ways: it is used again when all of them have come back. */
class SharedBlock {
  readonly bytes: Buffer<ArrayBuffer> = pool.take();
  /** Whoever still looks at it: its writer, and the reader of each part. */
  #users = 1;

  lend(start: number, end: number): Uint8Array {
    this.#users++;
    return lend(this.bytes.subarray(start, end), () => this.close());
  }

  close(): void {
    if (--this.#users === 0) pool.giveBack(this.bytes);
  }
}
