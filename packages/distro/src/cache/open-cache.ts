import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, type Stats } from "node:fs";
import { chmod, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ByteStream, type Cancellable, fileFault, tally, verified } from "@cooper/archive";
import { type Digest, digestAlgorithm, digestHex, digestOf } from "@cooper/oci";
import { cacheLimit, CooperError, errnoOf, freeSpace, makeDirectories } from "@cooper/sys";
import { Aside, type Held, lockPath, tryLockPath } from "@cooper/transport";
import { cacheDirectory } from "./cache-directory.ts";
import type { Cache, DerivedOptions, ExpectedBlob, StoredBlob } from "./cache.ts";
import { type CacheUsage, measure, trim } from "./trim.ts";
import { hasDigest, isUnproven, settle, UNPROVEN_MODE } from "./unproven.ts";

export interface CacheOptions {
  /** Default: `cacheDirectory()`. */
  readonly directory?: string | undefined;
  /** Bytes that it may have before the oldest entries go; default: what `cacheLimit` says. */
  readonly limit?: number | undefined;
}

/** Bytes, perhaps by what the cache holds. */
type Limit = number | ((held: number) => number);

/** A cache that this process uses. Close it: only a cache that nobody uses is trimmed. */
export interface OpenCache extends Cache {
  usage(): Promise<CacheUsage>;
  /**
   * Removes what was not used for longest until at most `limit` bytes are left, perhaps by what it holds
   * now; 0 removes all.
   * Gives the number of bytes that were freed; undefined where another process uses the cache.
   */
  trim(limit: Limit): Promise<number | undefined>;
  /** Lets go of it, and trims it to its limit if this process added to it. */
  close(): Promise<void>;
}

/** Opens the cache, and makes its directory if need be. `FILE_UNWRITABLE`, `DISK_FULL`, `SETTING_INVALID` */
export async function openCache(options: CacheOptions = {}): Promise<OpenCache> {
  const directory = options.directory ?? cacheDirectory();
  const limit = options.limit ?? limitOf(directory);
  try {
    makeDirectories(join(directory, "aside"), 0o755);
    return new DirectoryCache(directory, limit, await hold(directory));
  } catch (error) {
    throw named(directory, error);
  }
}

function limitOf(directory: string): Limit {
  const limit = cacheLimit();
  return (held) => limit({ held, free: freeSpace(directory) });
}

/** Milliseconds: an entry's time of use is written no more often than this. */
const USE_RESOLUTION = 3600_000;

async function hold(directory: string): Promise<Held> {
  return await lockPath(join(directory, "lock"), { mode: "shared", kind: "file" });
}

class DirectoryCache implements OpenCache {
  readonly directory: string;
  readonly #limit: Limit;
  #held: Held | undefined;
  #grown = 0;
  /** Paths that this process wrote or looked at itself. */
  readonly #proven = new Set<string>();
  /** What is being made, also where nobody waits for it. */
  readonly #deriving = new Set<Promise<string>>();

  constructor(directory: string, limit: Limit, held: Held) {
    this.directory = directory;
    this.#limit = limit;
    this.#held = held;
  }

  async blob(digest: Digest): Promise<string | undefined> {
    const path = this.#blobPath(digest);
    return (await this.#find(path, async () => await hasDigest(path, digest))) ? path : undefined;
  }

  async storeBlob(stream: ByteStream, expected: ExpectedBlob, options: Cancellable = {}): Promise<string> {
    const path = this.#blobPath(expected.digest);
    await this.#store(path, verified(stream, expected), options);
    return path;
  }

  async storeUnnamed(
    stream: ByteStream,
    check: (path: string) => Promise<void>,
    options: Cancellable = {},
  ): Promise<StoredBlob> {
    const aside = join(this.directory, "aside", randomUUID());
    const counted = tally(stream);
    try {
      await this.#store(aside, counted.stream, options);
      await check(aside);
      const digest = digestOf("sha256", counted.hex());
      const path = this.#blobPath(digest);
      await place(aside, path);
      this.#proven.add(path);
      return { path, digest, size: counted.size() };
    } catch (error) {
      await rm(aside, { force: true });
      throw named(this.directory, error);
    }
  }

  async record(kind: string, key: string): Promise<unknown> {
    const path = this.#entryPath("records", kind, key);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw fileFault("read", path, error);
    }
    await used(path);
    const entry = parseRecord(text);
    return entry?.key === key ? entry.value : undefined;
  }

  async storeRecord(kind: string, key: string, value: unknown): Promise<void> {
    const path = this.#entryPath("records", kind, key);
    const aside = join(this.directory, "aside", randomUUID());
    const text = JSON.stringify({ key, value });
    try {
      // Not synced: a record that a crash cut short is read as none.
      await writeFile(aside, text);
      await place(aside, path);
      this.#grown += text.length;
    } catch (error) {
      await rm(aside, { force: true });
      throw named(path, error);
    }
  }

  async derived(
    kind: string,
    key: string,
    make: (path: string, options: Cancellable) => Promise<void>,
    options: DerivedOptions = {},
  ): Promise<string> {
    const deriving = this.#derive(kind, key, make, options);
    this.#deriving.add(deriving);
    try {
      return await deriving;
    } finally {
      this.#deriving.delete(deriving);
    }
  }

  async #derive(
    kind: string,
    key: string,
    make: (path: string, options: Cancellable) => Promise<void>,
    options: DerivedOptions,
  ): Promise<string> {
    const path = this.#entryPath("derived", kind, key);
    const { signal, isWhole } = options;
    const check = async (): Promise<boolean> => (await isWhole?.(path)) ?? false;
    if (await this.#find(path, check)) return path;
    makeDirectories(dirname(path));
    // Whoever comes second waits here, and finds it made.
    const lock = await lockPath(`${path}.lock`, { mode: "exclusive", kind: "file", signal });
    const aside = join(this.directory, "aside", randomUUID());
    try {
      if (await this.#find(path, check)) return path;
      await make(aside, { signal });
      this.#grown += (await stat(aside)).size;
      if (isWhole !== undefined) await chmod(aside, UNPROVEN_MODE);
      await place(aside, path);
      this.#proven.add(path);
      return path;
    } catch (error) {
      throw named(this.directory, error);
    } finally {
      await rm(aside, { force: true, recursive: true });
      lock.release();
    }
  }

  async usage(): Promise<CacheUsage> {
    return await measure(this.directory);
  }

  async trim(limit: Limit): Promise<number | undefined> {
    this.#held?.release();
    this.#held = undefined;
    const alone = tryLockPath(join(this.directory, "lock"), { mode: "exclusive", kind: "file" });
    if (alone === undefined) {
      this.#held = await hold(this.directory);
      return undefined;
    }
    try {
      // Alone, so whatever lies aside was left by a process that was killed.
      await rm(join(this.directory, "aside"), { recursive: true, force: true });
      mkdirSync(join(this.directory, "aside"));
      return await trim(this.directory, limit);
    } finally {
      alone.release();
      this.#held = await hold(this.directory);
    }
  }

  async close(): Promise<void> {
    if (this.#held === undefined) return;
    await Promise.allSettled(this.#deriving); // its faults are told to whoever asked for it
    // Somebody may have removed the whole directory meanwhile: then there is nothing to look after.
    if (this.#grown > 0 && existsSync(join(this.directory, "lock"))) await this.trim(this.#limit);
    this.#held.release();
    this.#held = undefined;
  }

  async #store(path: string, stream: ByteStream, options: Cancellable): Promise<void> {
    try {
      makeDirectories(dirname(path));
      const aside = await Aside.create(join(this.directory, "aside"));
      try {
        this.#grown += await aside.write(stream, options);
        await aside.leave(path, UNPROVEN_MODE);
        this.#proven.add(path);
      } catch (error) {
        await aside.discard();
        throw error;
      }
    } catch (error) {
      throw named(path, error);
    }
  }

  /** Whether an entry is there. What was never synced, and by somebody else, is looked at first. */
  async #find(path: string, isWhole: () => Promise<boolean>): Promise<boolean> {
    const status = await used(path);
    if (status === undefined) return false;
    if (!isUnproven(status) || this.#proven.has(path)) return true;
    if (!(await isWhole())) {
      await rm(path, { force: true });
      return false;
    }
    await settle(path, status);
    this.#proven.add(path);
    return true;
  }

  #blobPath(digest: Digest): string {
    return join(this.directory, "blobs", digestAlgorithm(digest), digestHex(digest));
  }

  #entryPath(family: "records" | "derived", kind: string, key: string): string {
    return join(this.directory, family, kind, createHash("sha256").update(key).digest("hex"));
  }
}

/** What is known of a file that is there: it counts as used now. */
async function used(path: string): Promise<Stats | undefined> {
  try {
    const status = await stat(path);
    const now = Date.now();
    // Read-only caches are of use too: then nobody trims by these times either.
    if (now - status.mtimeMs > USE_RESOLUTION) await utimes(path, now / 1000, now / 1000).catch(() => {});
    return status;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw fileFault("read", path, error);
  }
}

async function place(aside: string, path: string): Promise<void> {
  makeDirectories(dirname(path));
  await rename(aside, path);
}

/** A record that a crash left empty, or that another version wrote, is none. */
function parseRecord(text: string): { readonly key?: unknown; readonly value?: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function named(path: string, error: unknown): unknown {
  return error instanceof CooperError || errnoOf(error) === undefined
    ? error
    : fileFault("write", path, error);
}
