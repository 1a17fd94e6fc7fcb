import type { ByteStream, Cancellable } from "@cooper/archive";
import type { Digest } from "@cooper/oci";

/**
 * What was fetched or worked out once, under `$COOPER_CACHE_DIR`. Many processes use one cache at
 * once; everything in it can be made again, and what was not used for longest is removed when it
 * grows over its bound. An entry under its name is whole: it was written aside and renamed. What can be
 * checked by its digest is not synced: the first to find it later checks it, since the machine may have
 * crashed in between.
 */
export interface Cache {
  readonly directory: string;
  /** The path of a blob that is there, whose bytes were checked; marks it as used. */
  blob(digest: Digest): Promise<string | undefined>;
  /**
   * Stores a stream under its digest, which is checked, and gives its path. Two that store the same
   * one cost one copy on the disk. `DIGEST_MISMATCH`, `SIZE_MISMATCH` (of archive), `DISK_FULL`
   */
  storeBlob(stream: ByteStream, expected: ExpectedBlob, options?: Cancellable): Promise<string>;
  /**
   * Stores a stream whose SHA-256 is not known before. `check` sees the whole file under a temporary
   * name, and what it throws leaves nothing behind.
   */
  storeUnnamed(
    stream: ByteStream,
    check: (path: string) => Promise<void>,
    options?: Cancellable,
  ): Promise<StoredBlob>;
  /** A small record by kind and key, JSON: what was learned about a package, an index's ETag. */
  record(kind: string, key: string): Promise<unknown>;
  storeRecord(kind: string, key: string, value: unknown): Promise<void>;
  /**
   * A file that is derived from others: a parsed index, a finished layer. `make` writes it to the
   * path it is given, once however many ask, also in other processes; the path of the whole file is given.
   * With `isWhole`, `make` need not sync it.
   */
  derived(
    kind: string,
    key: string,
    make: (path: string, options: Cancellable) => Promise<void>,
    options?: DerivedOptions,
  ): Promise<string>;
}

export interface DerivedOptions extends Cancellable {
  /** Tells whether a file that may never have reached the disk has all its bytes. */
  readonly isWhole?: ((path: string) => Promise<boolean>) | undefined;
}

export interface ExpectedBlob {
  readonly digest: Digest;
  /** Bytes; undefined where it is not known before. */
  readonly size?: number | undefined;
}

export interface StoredBlob {
  readonly path: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}
