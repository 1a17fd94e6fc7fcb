import { readFile, writeFile } from "node:fs/promises";
import { type ByteStream, decompress, readFileStream } from "@cooper/archive";
import { digestOf } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import type { AlongReader } from "../../fetch/alongside.ts";
import type { ReleaseFile } from "../release/release.ts";
import type { Access } from "../sources/access.ts";
import { encodeIndex } from "./encode-index.ts";
import { IndexFile } from "./index-file.ts";
import { INDEX_FILE_VERSION } from "./index-layout.ts";

/** An index as a `Release` lists it, in one or several compressions. */
export interface IndexOffer {
  /** The suite's directory. */
  readonly address: string;
  /** Below it, without what compression adds: `main/binary-amd64/Packages`. */
  readonly path: string;
  readonly files: ReadonlyMap<string, ReleaseFile>;
  readonly isByHash: boolean;
  readonly access: Access;
}

/**
 * In the order in which they are tried: gzip is a third larger than xz, and opens in a seventh of
 * the time. What stands last is mostly listed but not there.
 */
const EXTENSIONS = [".zst", ".gz", ".xz", ".bz2", ""];
/** Bytes of an index, and of what it decompresses to. */
const MAX_BYTES = 512 * 2 ** 20;
const MAX_CONTENT_BYTES = 1536 * 2 ** 20;

/** Whether the Release lists an index in any form. */
export function hasIndex(files: ReadonlyMap<string, ReleaseFile>, path: string): boolean {
  return EXTENSIONS.some((extension) => files.has(path + extension));
}

/**
 * An index whose digest is vouched for, fetched and parsed unless that was done before.
 *
 * `NOT_FOUND`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `INDEX_TOO_LARGE`, `INDEX_TRUNCATED`, `INDEX_INVALID`, …
 */
export async function loadIndex(offer: IndexOffer, context: Context): Promise<IndexFile> {
  const listed = EXTENSIONS.flatMap((extension) => {
    const file = offer.files.get(offer.path + extension);
    return file === undefined ? [] : [{ path: offer.path + extension, file }];
  });
  // Whatever was parsed before need not be fetched, in whichever compression it was.
  for (const [at, { path, file }] of listed.entries()) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other until one is there
      return await loadOne(path, file, offer, context);
    } catch (error) {
      if (!isFault(error, "NOT_FOUND") || at === listed.length - 1) throw error;
    }
  }
  throw new DistroError("NOT_FOUND", `${offer.address} has no ${offer.path}`, {
    advice: "Compare the components and architectures with what its Release lists.",
  });
}

/** An index of this machine that is given by its path: its bytes are the user's own word. The same codes. */
export async function loadIndexFile(
  path: string,
  context: Context,
): Promise<{ index: IndexFile; digest: string }> {
  const { digest, path: blob } = await context.fetcher.current(path, {
    limit: MAX_BYTES,
    signal: context.signal,
  });
  return { index: await parsed({ digest, label: path, fetch: async () => blob }, context), digest };
}

async function loadOne(
  path: string,
  file: ReleaseFile,
  offer: IndexOffer,
  context: Context,
): Promise<IndexFile> {
  if (file.size > MAX_BYTES) {
    throw new DistroError("INDEX_TOO_LARGE", `${offer.address}/${path} is to have ${file.size} bytes`);
  }
  const digest = digestOf(file.algorithm, file.hex);
  const label = `${offer.address}/${path}`;
  const fetch = async (along: AlongReader): Promise<string> => {
    const fetchFrom = async (url: string): Promise<string> =>
      await context.fetcher.file(
        url,
        { digest, size: file.size, along },
        { label: path, ...offer.access, signal: context.signal },
      );
    if (!offer.isByHash) return await fetchFrom(label);
    const directory = path.slice(0, path.lastIndexOf("/") + 1);
    try {
      return await fetchFrom(
        `${offer.address}/${directory}by-hash/${file.algorithm.toUpperCase()}/${file.hex}`,
      );
    } catch (error) {
      if (!isFault(error, "NOT_FOUND")) throw error;
      return await fetchFrom(label);
    }
  };
  const size = offer.files.get(offer.path)?.size;
  return await parsed({ digest, label, size, fetch }, context);
}

/** An index to be parsed. */
interface Unparsed {
  readonly digest: string;
  /** How it is called in errors. */
  readonly label: string;
  /** Bytes when it is decompressed, where that is known. */
  readonly size?: number | undefined;
  /** Gives its path; where it has to come over the network, it is read as it comes. */
  readonly fetch: (along: AlongReader) => Promise<string>;
}

async function parsed({ digest, label, size, fetch }: Unparsed, context: Context): Promise<IndexFile> {
  const { cache, signal } = context;
  const { promise: encoded, resolve: giveEncoded } = Promise.withResolvers<Buffer>();
  let isEncoded = false;
  const kept = cache.derived(
    "apt-index",
    `${digest} ${INDEX_FILE_VERSION}`,
    async (aside) => {
      let encoding: Promise<Buffer> | undefined;
      const fetched = await fetch(async (bytes) => await (encoding = encode(bytes, size, label, context)));
      const made = await (encoding ?? encode(readFileStream(fetched, { signal }), size, label, context));
      isEncoded = true;
      giveEncoded(made);
      await writeFile(aside, made);
    },
    { signal },
  );
  // Who solves need not wait until it is written: the next run will be glad of it, this one has it.
  kept.catch((error: unknown) => {
    if (!isEncoded || signal?.aborted === true) return;
    const message = `the parsed index cannot be kept: ${error instanceof Error ? error.message : String(error)}`;
    context.onEvent({ type: "warning", subject: label, message });
  });
  return new IndexFile(
    await Promise.race([encoded, kept.then(async (path) => await (isEncoded ? encoded : readFile(path)))]),
  );
}

async function encode(
  bytes: ByteStream,
  size: number | undefined,
  label: string,
  { signal }: Context,
): Promise<Buffer> {
  try {
    const limits = { maxBytes: MAX_CONTENT_BYTES };
    return await encodeIndex(decompress(bytes, { limits, signal }), size);
  } catch (cause) {
    if (isFault(cause, "LIMIT_EXCEEDED")) {
      throw new DistroError("INDEX_TOO_LARGE", `${label} is too large: ${cause.message}`, { cause });
    }
    if (isFault(cause, "TRUNCATED")) {
      throw new DistroError("INDEX_TRUNCATED", `${label} is cut short: ${cause.message}`, { cause });
    }
    if (isFault(cause, "COMPRESSION_INVALID", "COMPRESSION_UNSUPPORTED")) {
      throw new DistroError("INDEX_INVALID", `${label} is damaged: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
