import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { ByteStream } from "@cooper/archive";
import { TransportError } from "../../errors.ts";
import { arriving } from "./arriving.ts";

/** Header values by lower-case name, as undici gives them. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** An answer whose body has yet to be read: exactly one of `bytes`, `stream` and `drop` must be called. */
export class Reply {
  readonly status: number;
  /** What was asked in the end, after any redirects. */
  readonly url: URL;
  /** Whether redirects led here. */
  readonly redirected: boolean;
  readonly #headers: ReplyHeaders;
  readonly #body: Readable;
  readonly #fault: (error: unknown) => unknown;

  constructor(from: {
    readonly status: number;
    readonly url: URL;
    readonly redirected: boolean;
    readonly headers: ReplyHeaders;
    readonly body: Readable;
    /** Turns what the network throws in the middle of the body into an error of ours. */
    readonly fault: (error: unknown) => unknown;
  }) {
    this.status = from.status;
    this.url = from.url;
    this.redirected = from.redirected;
    this.#headers = from.headers;
    this.#body = from.body;
    this.#fault = from.fault;
  }

  /** The same answer, reached through redirects. */
  afterRedirect(): Reply {
    return new Reply({
      status: this.status,
      url: this.url,
      redirected: true,
      headers: this.#headers,
      body: this.#body,
      fault: this.#fault,
    });
  }

  /** The first value of a header. */
  header(name: string): string | undefined {
    return this.headers(name)[0];
  }

  /** Every value of a header that may stand several times. */
  headers(name: string): readonly string[] {
    const value = this.#headers[name];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }

  /** `Content-Length`, if there is one that can be believed. */
  contentLength(): number | undefined {
    const text = this.header("content-length");
    if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
    return Number(text);
  }

  /** The media type without parameters, lower case. */
  contentType(): string | undefined {
    return this.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  }

  /** The body as it comes; leaving early closes the connection. */
  async *stream(): ByteStream {
    try {
      for await (const chunk of arriving(this.#body)) yield chunk;
    } catch (error) {
      throw this.#fault(error);
    } finally {
      this.#body.destroy();
    }
  }

  /** The whole body. `TOO_LARGE` beyond `limit` bytes. */
  async bytes(limit: number): Promise<Buffer> {
    const tooLarge = (): TransportError =>
      new TransportError("TOO_LARGE", `${this.url.host}: an answer is larger than ${limit} bytes`, {
        fields: { host: this.url.host, limit },
      });
    if ((this.contentLength() ?? 0) > limit) {
      await this.drop();
      throw tooLarge();
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.stream()) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }

  /** The first bytes of a body that only explains something; never throws. */
  async start(limit: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of this.stream()) {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size >= limit) break;
      }
    } catch {
      // half an explanation is better than none
    }
    return Buffer.concat(chunks).subarray(0, limit);
  }

  /** Gives the body up: reads a short one to its end, so that the connection can be used again. */
  async drop(): Promise<void> {
    await this.start(16 * 1024);
  }
}
