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
 * and zeros up to the next multiple of 8.
 */
export class Tokens {
  readonly #source: ByteSource;
  readonly #subject: string;
  readonly #size: number;

  constructor(stream: ByteStream, { subject, size, signal }: TokenOptions) {
    this.#source = new ByteSource(stream, { maxBytes: Infinity, signal });
    this.#subject = subject;
    this.#size = size;
  }

  /** A word of at most `limit` bytes. */
  async word(limit: number, what: string): Promise<Buffer> {
    const length = await this.length(what);
    if (length > limit) throw this.invalid(`${what} of ${length} bytes is longer than ${limit}`);
    const bytes = length === 0 ? NOTHING : await this.#take(length);
    await this.padding(length);
    return bytes;
  }

  /** A word that can be no other than these. */
  async expect(...words: readonly string[]): Promise<string> {
    const found = (await this.word(LONGEST_WORD, "a word")).toString("latin1");
    if (words.includes(found)) return found;
    throw this.invalid(`${JSON.stringify(found)} stands where ${words.join(" or ")} is to be`);
  }

  /** The length of a word or content that follows; never more than the archive has left. */
  async length(what: string): Promise<number> {
    const bytes = await this.#take(8);
    const length = bytes.readUInt32LE(0) + bytes.readUInt32LE(4) * 2 ** 32;
    if (length > this.#size - this.#source.offset) {
      throw this.invalid(`${what} of ${length} bytes is more than the archive has`);
    }
    return length;
  }

  /** What is in memory already of a content of so many bytes, if that is all of it. */
  ready(length: number): Buffer | undefined {
    return this.#source.available >= length ? this.#source.takeSome(length) : undefined;
  }

  /** The next bytes of a content, up to `length`. */
  async some(length: number): Promise<Buffer> {
    if (!(await this.#source.more())) throw this.#ended();
    return this.#source.takeSome(length);
  }

  /** The zeros after a word or content of so many bytes. */
  async padding(length: number): Promise<void> {
    const zeros = (8 - (length % 8)) % 8;
    if (zeros === 0) return;
    const bytes = await this.#take(zeros);
    for (const byte of bytes) if (byte !== 0) throw this.invalid("what fills up a word is not zero");
  }

  /** Nothing may follow the archive. */
  async end(): Promise<void> {
    if (await this.#source.more()) throw this.invalid("something follows its end");
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  invalid(what: string): DistroError {
    const { offset } = this.#source;
    return new DistroError("PACKAGE_INVALID", `the archive of ${this.#subject}, byte ${offset}: ${what}`, {
      advice: "The cache holds something that Nix would not write: do not use it.",
      fields: { subject: this.#subject, offset },
    });
  }

  async #take(length: number): Promise<Buffer> {
    if (this.#source.available < length) {
      await this.#source.require(length);
      if (this.#source.available < length) throw this.#ended();
    }
    return this.#source.takeSome(length);
  }

  #ended(): DistroError {
    return this.invalid("it ends in the middle");
  }
}

const NOTHING = Buffer.alloc(0);
/** Of the words of the grammar, `nix-archive-1`; a few more for the message. */
const LONGEST_WORD = 64;
