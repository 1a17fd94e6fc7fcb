import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type ByteStream, readFileStream } from "@cooper/archive";
import { type Digest, isDigest } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { Connections, Lane } from "@cooper/transport";
import { z } from "zod";
import type { Cache, StoredBlob } from "../cache/cache.ts";
import { DistroError } from "../errors.ts";
import { alongside } from "./alongside.ts";
import { type Address, parseAddress, showAddress } from "./address.ts";
import { type Answer, download, type Freshness } from "./download.ts";
import type { FetchEvent, Fetched, Fetcher, FetchOptions } from "./fetcher.ts";

export interface FetcherOptions {
  readonly cache: Cache;
  /** `offline`: nothing is fetched; what the cache lacks is `OFFLINE`. Default `online`. */
  readonly network?: "online" | "offline" | undefined;
  /** Files that are fetched at a time; default 6. */
  readonly parallel?: number | undefined;
  /** Where proxies and certificate authorities are named; default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly onEvent?: ((event: FetchEvent) => void) | undefined;
}

/** A fetcher into a cache. Close it when done. */
export function createFetcher(options: FetcherOptions): Fetcher {
  const { cache, onEvent = () => {} } = options;
  const connections = new Connections({ environment: options.environment });
  const lane = new Lane(options.parallel ?? 6);
  const isOffline = options.network === "offline";
  const running = new Map<string, Promise<unknown>>();

  /** Two that want one file at the same time fetch it once. */
  async function once<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = running.get(key);
    if (before !== undefined) await before.catch(() => {}); // then it is in the cache, or is tried again
    const mine = work();
    running.set(key, mine);
    try {
      return await mine;
    } finally {
      if (running.get(key) === mine) running.delete(key);
    }
  }

  /** Opens an address and gives its bytes to `use`, with events around them. */
  async function fetching<T>(
    address: Address,
    settings: FetchOptions & { readonly size?: number | undefined; readonly limit: number } & Freshness,
    use: (answer: Answer) => Promise<T>,
  ): Promise<T> {
    const label = labelOf(address, settings);
    if (address.kind === "path") {
      const stream = limited(readFileStream(address.path, settings), address, settings.limit);
      return await named(address, async () => await use({ stream, unchanged: false }));
    }
    if (isOffline) throw offline(label);
    const leave = await lane.enter(settings.signal);
    try {
      onEvent({ type: "fetch-started", label, size: settings.size });
      let bytes = 0;
      const answer = await download(address, connections, settings);
      const stream = counted(limited(answer.stream, address, settings.limit), (length) => {
        bytes += length;
        onEvent({ type: "fetch-progress", label, bytes: length });
      });
      const result = await named(address, async () => await use({ ...answer, stream }));
      onEvent({ type: "fetch-done", label, bytes });
      return result;
    } finally {
      leave();
    }
  }

  return {
    file: async (url, expected, settings = {}) => {
      const address = parseAddress(url);
      return await once(expected.digest, async () => {
        const known = await cache.blob(expected.digest);
        if (known !== undefined) {
          onEvent({ type: "fetch-cached", label: labelOf(address, settings) });
          return known;
        }
        const { decode = (stream) => stream, along, limit = DEFAULT_LIMIT } = expected;
        const size = expected.decode === undefined ? expected.size : undefined;
        return await fetching(address, { ...settings, size, limit: size ?? limit }, async ({ stream }) => {
          const kept = decode(stream);
          return await cache.storeBlob(
            along === undefined ? kept : alongside(kept, along),
            expected,
            settings,
          );
        });
      });
    },

    checked: async (url, expected, settings = {}) => {
      const address = parseAddress(url);
      return await once(expected.key, async () => {
        const known = await rememberedBlob(cache, "checked-file", expected.key);
        if (known !== undefined) {
          onEvent({ type: "fetch-cached", label: labelOf(address, settings) });
          return known;
        }
        const stored = await fetching(
          address,
          { ...settings, size: expected.size, limit: expected.size ?? expected.limit ?? DEFAULT_LIMIT },
          async ({ stream }) => await cache.storeUnnamed(stream, expected.check, settings),
        );
        if (expected.size !== undefined && stored.size !== expected.size) {
          throw new DistroError(
            "SIZE_MISMATCH",
            `${showAddress(address)} has ${stored.size} bytes and not ${expected.size}`,
            { advice: CHANGED },
          );
        }
        await cache.storeRecord("checked-file", expected.key, { digest: stored.digest, size: stored.size });
        return stored;
      });
    },

    current: async (url, settings) => {
      const address = parseAddress(url);
      const label = labelOf(address, settings);
      const key = showAddress(address) + (address.kind === "web" ? address.url.search : "");
      return await once(`current ${key}`, async (): Promise<Fetched> => {
        const last = rememberedFile.safeParse(await cache.record("current-file", key)).data;
        const held = last === undefined ? undefined : await cache.blob(last.digest);
        if (address.kind === "web" && isOffline) {
          if (last === undefined || held === undefined) throw offline(label);
          onEvent({ type: "fetch-cached", label });
          return { bytes: await readFile(held), digest: last.digest, path: held, unchanged: true };
        }
        const freshness = held === undefined ? {} : { etag: last?.etag, lastModified: last?.lastModified };
        return await fetching(address, { ...settings, ...freshness }, async (answer) => {
          if (answer.unchanged && last !== undefined && held !== undefined) {
            return { bytes: await readFile(held), digest: last.digest, path: held, unchanged: true };
          }
          const stored = await cache.storeUnnamed(answer.stream, async () => {}, settings);
          const { digest, path } = stored;
          const { etag, lastModified } = answer;
          await cache.storeRecord("current-file", key, { digest, etag, lastModified });
          return { bytes: await readFile(path), digest, path, unchanged: digest === last?.digest };
        });
      });
    },

    close: async () => await connections.close(),
  };
}

const DEFAULT_LIMIT = 16 * 2 ** 30;
const CHANGED = "The mirror may be in the middle of an update: try again; if it stays so, use another.";

function labelOf(address: Address, { label }: FetchOptions): string {
  return label ?? basename(address.kind === "path" ? address.path : address.url.pathname);
}

async function* counted(stream: ByteStream, onBytes: (length: number) => void): ByteStream {
  for await (const chunk of stream) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}

/** Nothing past the limit is read, whatever the server sends. */
async function* limited(stream: ByteStream, address: Address, limit: number): ByteStream {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new DistroError("FILE_TOO_LARGE", `${showAddress(address)} has more than ${limit} bytes`, {
        advice: CHANGED,
        fields: { limit },
      });
    }
    yield chunk;
  }
}

/** The archive's words for a file that is not what it was to be, with its address. */
async function named<T>(address: Address, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const where = showAddress(address);
    if (isFault(cause, "DIGEST_MISMATCH") && !(cause instanceof DistroError)) {
      throw new DistroError("DIGEST_MISMATCH", `${where}: ${cause.message}`, { cause, advice: CHANGED });
    }
    if (isFault(cause, "SIZE_MISMATCH") && !(cause instanceof DistroError)) {
      throw new DistroError("SIZE_MISMATCH", `${where}: ${cause.message}`, { cause, advice: CHANGED });
    }
    if (address.kind === "path" && isFault(cause, "FILE_MISSING")) {
      throw new DistroError("NOT_FOUND", `there is no file ${where}`, { cause });
    }
    throw cause;
  }
}

function offline(label: string): DistroError {
  return new DistroError("OFFLINE", `${label} is not in the cache, and nothing may be fetched`, {
    advice: "Run it once without --offline.",
  });
}

async function rememberedBlob(cache: Cache, kind: string, key: string): Promise<StoredBlob | undefined> {
  const record = rememberedFile.safeParse(await cache.record(kind, key)).data;
  if (record?.size === undefined) return undefined;
  const path = await cache.blob(record.digest);
  return path === undefined ? undefined : { path, digest: record.digest, size: record.size };
}

const rememberedFile = z.object({
  digest: z.custom<Digest>((value) => typeof value === "string" && isDigest(value)),
  size: z.number().optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});
