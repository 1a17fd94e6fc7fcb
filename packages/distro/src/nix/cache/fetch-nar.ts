import { type ByteStream, decompress, readFileStream, verified } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { openCaches, type BinaryCache } from "./binary-cache.ts";
import { readConfiguration } from "../configuration/configuration.ts";
import type { SolvedPath } from "../details.ts";
import { readNar } from "../nar/reader.ts";
import { findPath, type TrustedCaches } from "./find.ts";

/** How archives may be compressed. */
const COMPRESSIONS = new Set(["none", "gzip", "bzip2", "xz", "zstd"]);
/** Raised when the reader comes to refuse what it read before. */
const CHECK_VERSION = 1;

/** Where an archive lies, and how. */
type Place = Pick<SolvedPath, "compression" | "fileHash" | "fileSize"> & { readonly url: string };

/** Fetches the archives of a solution; keeps in mind which cache had what was taken from the same one before. */
export class NarFetcher {
  readonly #context: Context;
  #caches: Promise<TrustedCaches> | undefined;
  readonly #lastOf = new Map<number, BinaryCache>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The path of an archive in Cooper's cache, uncompressed, under its own hash: that is what is signed
   * or locked, so it does not matter how and where it was compressed. What is not there is fetched
   * from where the lock says, or from where it has moved since, and checked from its first byte to its
   * last. `NOT_FOUND`, `OFFLINE`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `PACKAGE_INVALID`, …
   */
  async fetch(solved: SolvedPath, context: Context = this.#context): Promise<string> {
    const path = (await context.cache.blob(solved.narHash)) ?? (await this.#fetchAny(solved, context));
    await checkOnce(path, solved, context);
    return path;
  }

  async #fetchAny(solved: SolvedPath, context: Context): Promise<string> {
    const { repository, path: url } = solved.package;
    const trusted = await (this.#caches ??= this.#open());
    const { caches } = trusted;
    const last = this.#lastOf.get(repository);
    for (const cache of last === undefined ? caches : [last, ...caches.filter((one) => one !== last)]) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next cache is asked only if this one has nothing
        const path = await fetchFrom(cache, solved, { ...solved, url }, context);
        this.#lastOf.set(repository, cache);
        return path;
      } catch (error) {
        if (!isFault(error, "NOT_FOUND")) throw error;
      }
    }
    // It may lie under another name now, compressed anew.
    const located = await findPath(solved.path, trusted, context);
    if (located === undefined) {
      throw new DistroError("NOT_FOUND", `no cache has ${solved.storePath} any more`, {
        advice: "Give a cache that still has it, or solve again.",
        fields: { path: solved.storePath },
      });
    }
    if (located.narinfo.narHash !== solved.narHash) {
      throw new DistroError(
        "DIGEST_MISMATCH",
        `${solved.storePath} was built anew, and is not what is locked`,
        {
          advice: "Solve again, or give a cache that still has the first build.",
          fields: { expected: solved.narHash, actual: located.narinfo.narHash },
        },
      );
    }
    return await fetchFrom(located.cache, solved, located.narinfo, context);
  }

  async #open(): Promise<TrustedCaches> {
    const { caches, keys } = await readConfiguration(this.#context);
    return { caches: await openCaches(caches, this.#context), keys, distrusted: new Set() };
  }
}

async function fetchFrom(
  cache: BinaryCache,
  { path, narHash, narSize }: SolvedPath,
  { url, compression, fileHash, fileSize }: Place,
  context: Context,
): Promise<string> {
  if (!COMPRESSIONS.has(compression)) {
    throw new DistroError(
      "PACKAGE_INVALID",
      `${path.name} is compressed with ${compression}, which is not read`,
      {
        advice: `What is read: ${[...COMPRESSIONS].join(", ")}.`,
      },
    );
  }
  const decode = (stream: ByteStream): ByteStream => {
    const file = fileHash === undefined ? stream : verified(stream, { digest: fileHash, size: fileSize });
    return compression === "none" ? file : decompress(file, { limits: LIMITS, signal: context.signal });
  };
  try {
    return await context.fetcher.file(
      `${cache.address}/${url}`,
      { digest: narHash, size: narSize, decode, limit: fileSize ?? narSize + SLACK },
      { label: path.name, signal: context.signal },
    );
  } catch (cause) {
    if (!isFault(cause, ...DAMAGED)) throw cause;
    throw new DistroError("PACKAGE_INVALID", `the archive of ${path.name} is damaged: ${cause.message}`, {
      cause,
      advice: "Try again; if it stays so, use another cache.",
      fields: { path: path.base },
    });
  }
}

/** NarSize bounds what comes out. A path that says itself that it has gigabytes has more than zeros. */
const LIMITS = { maxRatio: 500 };
const DAMAGED = ["COMPRESSION_INVALID", "COMPRESSION_UNSUPPORTED", "LIMIT_EXCEEDED", "TRUNCATED"] as const;
/** Bytes by which compressing what cannot be compressed makes it longer, and more. */
const SLACK = 64 * 2 ** 20;

/** Reads an archive through, unless this one was already. */
async function checkOnce(
  path: string,
  { path: { name }, narHash, narSize }: SolvedPath,
  context: Context,
): Promise<void> {
  const { cache, signal } = context;
  if ((await cache.record("nix-archive", narHash)) === CHECK_VERSION) return;
  const stream = readFileStream(path, { signal });
  for await (const _ of readNar(stream, { subject: name, size: narSize, signal })) continue;
  await cache.storeRecord("nix-archive", narHash, CHECK_VERSION);
}
