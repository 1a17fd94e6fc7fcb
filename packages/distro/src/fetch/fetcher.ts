import type { ByteStream, Cancellable } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import type { StoredBlob } from "../cache/cache.ts";
import type { AlongReader } from "./alongside.ts";

/**
 * Fetches files of repositories over HTTP(S), from `file:` addresses and from paths; with the host's
 * proxies and certificate authorities, patience with passing faults, and resume of what broke off.
 */
export interface Fetcher {
  /**
   * A file whose digest is known, by its path in the cache: fetched only if it is not there.
   * `NOT_FOUND`, `OFFLINE`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `FILE_TOO_LARGE`, `FETCH_FAILED`
   */
  file(url: string, expected: ExpectedFile, options?: FetchOptions): Promise<string>;
  /**
   * A file that is known by something else than the digest of all its bytes, such as apk's `Q1…`.
   * What was fetched under `key` before is taken from the cache; else `check` sees the whole file,
   * and what it throws leaves nothing behind. The same codes.
   */
  checked(url: string, expected: CheckedFile, options?: FetchOptions): Promise<StoredBlob>;
  /**
   * A file that may change, with its bytes: an index, a signature. Asked for anew with its ETag and
   * time, so that what did not change is not sent again; offline, as it was last time.
   * `NOT_FOUND`, `OFFLINE`, `FETCH_FAILED`, `FILE_TOO_LARGE`
   */
  current(url: string, options: CurrentOptions): Promise<Fetched>;
  /** Closes the connections. */
  close(): Promise<void>;
}

export interface ExpectedFile {
  readonly digest: Digest;
  /** Bytes, where it is known: nothing past it is read. */
  readonly size?: number | undefined;
  /**
   * Makes what is kept of what is fetched, as it comes: decompresses it. `digest` and `size` are of
   * what is kept, `limit` is of what is fetched.
   */
  readonly decode?: ((stream: ByteStream) => ByteStream) | undefined;
  /**
   * Reads what is fetched as it comes; not called where the file is in the cache. The digest is checked
   * only at the end: until the path is given, nothing that was read counts.
   */
  readonly along?: AlongReader | undefined;
  /** Never more bytes than this where the size is not known. Default 16 GiB. */
  readonly limit?: number | undefined;
}

export interface CheckedFile {
  /** What names the content: `apk Q1…`. */
  readonly key: string;
  /** Bytes, where it is known. */
  readonly size?: number | undefined;
  /** Never more bytes than this where the size is not known. Default 16 GiB. */
  readonly limit?: number | undefined;
  /** Reads the file at a temporary path, and throws where it is not what it was to be. */
  readonly check: (path: string) => Promise<void>;
}

export interface FetchOptions extends Cancellable {
  /** How it is called in events and errors: `curl 7.88.1`. Default: the last part of the address. */
  readonly label?: string | undefined;
  /** Sent to the address itself, and never to another host that it leads to. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The address of a proxy, or `direct` for none; default: what the environment says. */
  readonly proxy?: string | undefined;
}

export interface CurrentOptions extends FetchOptions {
  /** Bytes at the most. */
  readonly limit: number;
}

export interface Fetched {
  readonly bytes: Buffer;
  /** `sha256:…` of the bytes. */
  readonly digest: Digest;
  /** The path in the cache. */
  readonly path: string;
  /** Whether it is what the last call got, byte for byte. */
  readonly unchanged: boolean;
}

export type FetchEvent =
  | { readonly type: "fetch-started"; readonly label: string; readonly size: number | undefined }
  /** So many bytes more. */
  | { readonly type: "fetch-progress"; readonly label: string; readonly bytes: number }
  | { readonly type: "fetch-done"; readonly label: string; readonly bytes: number }
  | { readonly type: "fetch-cached"; readonly label: string };
