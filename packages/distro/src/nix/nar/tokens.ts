import { type ByteStream, ByteSource, type Cancellable } from "@cooper/archive";
import { DistroError } from "../../errors.ts";

export interface TokenOptions extends Cancellable {
  /** What the archive is of, for messages: `curl-8.7.1`. */
  readonly subject: string;
  /** Bytes of the whole archive. */
  readonly size: number;
}

/**
 * An archive as the words it consists of: each is its length as 64 bits, little-endian, its bytes,
 * and zeros up to the next multiple of 8. Those of the grammar are read without waiting, from what
 * `fill` has made ready: archives have a dozen of them for each file.
 */
export class Tokens {
  readonly #source: ByteSource;
  readonly #subject: string;
  readonly #size: number;
  /** What has arrived and not been given back to the source. */
  #window: Buffer = NOTHING;
  /** The next byte to read in `#window`. */
  #at = 0;

  constructor(stream: ByteStream, { subject, size, signal }: TokenOptions) {
    this.#source = new ByteSource(stream, { maxBytes: Infinity, signal });
    this.#subject = subject;
    this.#size = size;
  }

  /** Whether the next words may not all have arrived: then `fill` is to be called. */
  get isShort(): boolean {
    return this.#window.length - this.#at < AHEAD && !this.#source.hasEnded;
  }

  /** Waits until so many bytes are there, or all that there are. */
  async fill(length: number = AHEAD): Promise<void> {
    this.#source.advance(this.#at);
    await this.#source.require(length);
    this.#window = this.#source.view(0, this.#source.available);
    this.#at = 0;
  }

  /** A word of at most `limit` bytes. */
  async word(limit: number, what: string): Promise<Buffer> {
    const length = this.length(what);
    if (length > limit) throw this.invalid(`${what} of ${length} bytes is longer than ${limit}`);
    const needed = length + 8;
    if (this.#window.length - this.#at < needed && !this.#source.hasEnded) await this.fill(needed);
    const start = this.#skip(length);
    const bytes = this.#window.subarray(start, start + length);
    this.padding(length);
    return bytes;
  }

  /** A word that can be no other than these. */
  expect(...words: readonly string[]): string {
    const length = this.length("a word");
    if (length > LONGEST_WORD) throw this.invalid(`a word of ${length} bytes is none of an archive's`);
    const start = this.#skip(length);
    const found = this.#window.toString("latin1", start, start + length);
    if (!words.includes(found)) {
      throw this.invalid(`${JSON.stringify(found)} stands where ${words.join(" or ")} is to be`);
    }
    this.padding(length);
    return found;
  }

  /** The length of a word or content that follows; never more than the archive has left. */
  length(what: string): number {
    const start = this.#skip(8);
    const length = this.#window.readUInt32LE(start) + this.#window.readUInt32LE(start + 4) * 2 ** 32;
    if (length > this.#size - this.#offset) {
      throw this.invalid(`${what} of ${length} bytes is more than the archive has`);
    }
    return length;
  }

  /** The zeros after a word or content of so many bytes. */
  padding(length: number): void {
    const zeros = (8 - (length % 8)) % 8;
    if (zeros === 0) return;
    const start = this.#skip(zeros);
    for (let at = start; at < start + zeros; at++) {
      if (this.#window[at] !== 0) throw this.invalid("what fills up a word is not zero");
    }
  }

  /** A content of so many bytes, if all of it has arrived. */
  ready(length: number): Buffer | undefined {
    if (this.#window.length - this.#at < length) return undefined;
    const start = this.#skip(length);
    return this.#window.subarray(start, start + length);
  }

  /** The next bytes of a content, up to `length`. */
  async some(length: number): Promise<Buffer> {
    if (this.#at === this.#window.length) await this.fill(1);
    const bytes = this.#window.subarray(this.#at, this.#at + length);
    if (bytes.length === 0) throw this.#ended();
    this.#at += bytes.length;
    return bytes;
  }

  /** Nothing may follow the archive. */
  async end(): Promise<void> {
    if (this.#at === this.#window.length) await this.fill(1);
    if (this.#at < this.#window.length) throw this.invalid("something follows its end");
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  invalid(what: string): DistroError {
    const offset = this.#offset;
    return new DistroError("PACKAGE_INVALID", `the archive of ${this.#subject}, byte ${offset}: ${what}`, {
      advice: "The cache holds something that Nix would not write: do not use it.",
      fields: { subject: this.#subject, offset },
    });
  }

  get #offset(): number {
    return this.#source.offset + this.#at;
  }

  /** Goes past bytes that are ready, and gives where they begin. */
  #skip(length: number): number {
    const start = this.#at;
    if (this.#window.length - start < length) throw this.#ended();
    this.#at = start + length;
    return start;
  }

  #ended(): DistroError {
    return this.invalid("it ends in the middle");
  }
}

const NOTHING = Buffer.alloc(0);
/** More than the bytes of all words of the grammar that follow each other, with a name among them. */
const AHEAD = 512;
/** Of the words of the grammar, `nix-archive-1`; a few more for the message. */
const LONGEST_WORD = 64;
