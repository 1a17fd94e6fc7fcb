import { fromBytes, toReadable } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import type { Dispatcher } from "undici";
import { milliseconds } from "../options.ts";
import type { Timeouts } from "../options.ts";
import { PassingFault } from "./attempts.ts";
import { networkFault } from "./network-fault.ts";
import { Reply } from "./reply.ts";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
export type RequestHeaders = Readonly<Record<string, string>>;

/** A body that streams, once. */
export interface StreamBody {
  readonly stream: ByteStream;
  /** Bytes, if known; without it the body goes in HTTP chunks. */
  readonly size?: number | undefined;
}

/** One HTTP request, as it goes out. */
export interface Outgoing {
  readonly method: Method;
  readonly url: URL;
  readonly headers: RequestHeaders;
  readonly body?: Uint8Array | StreamBody | undefined;
  readonly dispatcher: Dispatcher;
  readonly timeouts: Timeouts | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the host has answered before: then a refused connection is a passing fault. */
  readonly standing: "new" | "reached";
}

/**
 * Sends one request and gives its answer, whatever its status: no redirect, no retry, no
 * authentication. Throws what the body's source threw, the signal's reason, or `UNREACHABLE`, `TLS`,
 * `TIMEOUT`, `UNSAFE_ADDRESS`.
 */
export async function exchange(outgoing: Outgoing): Promise<Reply> {
  const { url, signal, timeouts } = outgoing;
  signal?.throwIfAborted();
  const streamed = outgoing.body !== undefined && !(outgoing.body instanceof Uint8Array);
  const watch = streamed ? new UploadWatch(milliseconds(timeouts, "acknowledge")) : undefined;
  const body =
    outgoing.body === undefined || outgoing.body instanceof Uint8Array
      ? outgoing.body
      : toReadable(watch?.over(outgoing.body.stream) ?? fromBytes());
  const size = outgoing.body instanceof Uint8Array ? outgoing.body.byteLength : outgoing.body?.size;
  const fault = (error: unknown): unknown => {
    if (signal?.aborted === true) return signal.reason;
    if (watch?.sourceFailed === true) return watch.sourceError;
    if (watch?.expired === true) {
      return new PassingFault("TIMEOUT", `${url.host} stopped taking or acknowledging an upload`, {
        fields: { host: url.host },
      });
    }
    return networkFault(error, url.host, outgoing.standing);
  };
  const signals = [signal, watch?.signal].filter((one) => one !== undefined);
  try {
    const answer = await outgoing.dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: outgoing.method,
      headers: {
        ...outgoing.headers,
        // A CDN that compresses on the way changes bytes and their count.
        "accept-encoding": "identity",
        ...(size === undefined ? {} : { "content-length": String(size) }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      // The watch counts only while the registry is waited for, never while the content is made.
      headersTimeout: streamed
        ? 0
        : milliseconds(timeouts, outgoing.method === "PUT" ? "acknowledge" : "answer"),
      bodyTimeout: milliseconds(timeouts, "idle"),
      highWaterMark: 1024 * 1024,
    });
    return new Reply({
      status: answer.statusCode,
      url,
      redirected: false,
      headers: answer.headers,
      body: answer.body,
      fault,
    });
  } catch (error) {
    throw fault(error);
  } finally {
    watch?.end();
    if (body !== undefined && !(body instanceof Uint8Array)) body.destroy();
  }
}

/** Ends an upload that the other side no longer takes, however long its own source may need. */
class UploadWatch {
  sourceFailed = false;
  sourceError: unknown;
  expired = false;
  readonly #abort = new AbortController();
  readonly #limit: number;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async *over(stream: ByteStream): ByteStream {
    const source = stream[Symbol.asyncIterator]();
    let ended = false;
    try {
      for (;;) {
        this.#pause();
        // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
        const result = await source.next().catch((error: unknown) => {
          ended = true;
          this.sourceFailed = true;
          this.sourceError = error;
          throw error;
        });
        this.#start();
        if (result.done === true) {
          ended = true;
          return;
        }
        // A fault of the connection comes in here, since that is how Node destroys a stream's source.
        yield result.value;
      }
    } finally {
      if (!ended) await source.return?.();
    }
  }

  /** The exchange is over, whatever the source may still do. */
  end(): void {
    this.#ended = true;
    this.#pause();
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start(): void {
    if (this.#ended) return;
    if (this.#timer !== undefined) {
      this.#timer.refresh();
      return;
    }
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#abort.abort(new Error("the upload stands still"));
    }, this.#limit);
  }
}
