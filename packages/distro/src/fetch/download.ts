import type { ByteStream } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import {
  Attempts,
  type Connections,
  get,
  parseRetryAfter,
  PassingFault,
  type Reply,
} from "@cooper/transport";
import { DistroError } from "../errors.ts";
import { type Address, showAddress } from "./address.ts";
import type { FetchOptions } from "./fetcher.ts";

/** What is known of a file from the last time (RFC 9110, 8.8). */
export interface Freshness {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export interface Answer extends Freshness {
  /** Empty where the file is unchanged. */
  readonly stream: ByteStream;
  /** Whether the server says that it is what it was the last time. */
  readonly unchanged: boolean;
}

type WebAddress = Extract<Address, { kind: "web" }>;

const PASSING = new Set([408, 429, 500, 502, 503, 504]);
/** Bytes between two faults that make the second one a new one. */
const PROGRESS = 1024 * 1024;

/**
 * Asks for a file and gives its bytes as they come. What passes is tried again, and a download that
 * broke off goes on where it was if the file is still the same. `NOT_FOUND`, `FETCH_FAILED`
 */
export async function download(
  address: WebAddress,
  connections: Connections,
  options: FetchOptions & Freshness,
): Promise<Answer> {
  const attempts = new Attempts({}, options.signal);
  const first = await persistent(attempts, address, async () => {
    const conditions: Record<string, string> = {};
    if (options.etag !== undefined) conditions["if-none-match"] = options.etag;
    if (options.lastModified !== undefined) conditions["if-modified-since"] = options.lastModified;
    return await ask(address, connections, options, conditions);
  });
  if (first.status === 304) {
    await first.drop();
    return { stream: nothing(), unchanged: true };
  }
  const etag = first.header("etag");
  const lastModified = first.header("last-modified");
  const stream = resumed(first, attempts, address, connections, options);
  return { stream, unchanged: false, etag, lastModified };
}

async function* nothing(): ByteStream {}

async function* resumed(
  first: Reply,
  attempts: Attempts,
  address: WebAddress,
  connections: Connections,
  options: FetchOptions,
): ByteStream {
  const size = first.contentLength();
  // Only a strong validator says that the bytes are the same (RFC 9110, 13.1.5).
  const etag = first.header("etag");
  const validator = etag?.startsWith("W/") === false ? etag : first.header("last-modified");
  let reply: Reply | undefined = first;
  let position = 0;
  let faultAt = 0;
  for (;;) {
    try {
      if (reply === undefined) {
        const range = {
          range: `bytes=${position}-`,
          ...(validator === undefined ? {} : { "if-range": validator }),
        };
        // oxlint-disable-next-line no-await-in-loop
        reply = await ask(address, connections, options, range);
        if (reply.status !== 206) {
          // oxlint-disable-next-line no-await-in-loop
          await reply.drop();
          throw failed(address, "changed while it was fetched");
        }
        // Bytes of elsewhere in the file would be joined on without anybody noticing where no digest is known.
        if (rangeStart(reply) !== position) {
          // oxlint-disable-next-line no-await-in-loop
          await reply.drop();
          throw failed(address, "gave another part than the one that was asked for");
        }
      }
      for await (const chunk of reply.stream()) {
        position += chunk.byteLength;
        yield chunk;
      }
      if (size === undefined || position >= size) return;
      throw new PassingFault("UNREACHABLE", `${showAddress(address)} broke off after ${position} bytes`);
    } catch (fault) {
      // Without a validator or with nothing read yet there is nothing to go on from but the beginning.
      if (position > 0 && validator === undefined) throw wrapped(address, fault, options.signal);
      if (position - faultAt >= PROGRESS) attempts.progressed();
      faultAt = position;
      reply = undefined;
      try {
        // oxlint-disable-next-line no-await-in-loop
        await attempts.again(fault);
      } catch (last) {
        throw wrapped(address, last, options.signal);
      }
      if (position === 0) {
        // oxlint-disable-next-line no-await-in-loop
        reply = await persistent(attempts, address, async () => await ask(address, connections, options, {}));
      }
    }
  }
}

/** Where the bytes of a partial answer begin (RFC 9110, 14.4); undefined where it does not say. */
function rangeStart(reply: Reply): number | undefined {
  const start = /^bytes (\d{1,15})-/.exec(reply.header("content-range") ?? "")?.[1];
  return start === undefined ? undefined : Number(start);
}

async function persistent(
  attempts: Attempts,
  address: WebAddress,
  work: () => Promise<Reply>,
): Promise<Reply> {
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      return await work();
    } catch (fault) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        await attempts.again(fault);
      } catch (last) {
        throw wrapped(address, last, undefined);
      }
    }
  }
}

/** One request with its redirects. An answer that is no file is thrown. */
async function ask(
  address: WebAddress,
  connections: Connections,
  options: FetchOptions,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  const ownHeaders: Readonly<Record<string, string>> = {
    ...(address.authorization === undefined ? {} : { authorization: address.authorization }),
    ...options.headers,
  };
  const { proxy, signal } = options;
  const reply = await get(address.url, { connections, headers, ownHeaders, proxy, signal });
  const { status } = reply;
  if (status === 200 || status === 206 || status === 304) return reply;
  await reply.drop();
  throw refused(address, reply);
}

function refused(address: WebAddress, reply: Reply): Error {
  const where = showAddress(address);
  const { status } = reply;
  if (status === 404 || status === 410) {
    return new DistroError("NOT_FOUND", `${where} does not exist (${status})`, {
      fields: { status },
      advice: "A repository that moved on may no longer have it: refresh the lock, or use a snapshot.",
    });
  }
  if (PASSING.has(status)) {
    return new PassingFault("REGISTRY_FAILED", `${where} answered ${status}`, {
      retryAfter: parseRetryAfter(reply.header("retry-after")),
    });
  }
  return failed(address, `answered ${status}`);
}

function failed(address: WebAddress, what: string): DistroError {
  return new DistroError("FETCH_FAILED", `${showAddress(address)} ${what}`, {
    advice: "Check the address of the repository, and whether it wants credentials.",
  });
}

/** The transport's faults are a repository's here; what passes still says so. */
function wrapped(address: WebAddress, cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true || cause instanceof DistroError) return cause;
  if (!(cause instanceof Error)) return cause;
  const passes = isFault(cause) && cause.kind === "passing";
  return new DistroError("FETCH_FAILED", `cannot fetch ${showAddress(address)}: ${cause.message}`, {
    cause,
    kind: passes ? "passing" : "failed",
    advice: passes ? "Try again." : "Check the address, the network and the certificate authorities.",
  });
}
