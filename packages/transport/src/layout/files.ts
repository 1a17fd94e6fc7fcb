import type { ByteStream, Cancellable } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import type { ByteRange } from "../repository.ts";

/** Where the files of an OCI layout are read from: a directory, or a tar that is not unpacked. */
export interface LayoutFiles {
  /** For people: the path. */
  readonly name: string;
  /** A whole file of at most `limit` bytes; undefined where there is none. */
  read(path: string, limit: number): Promise<Buffer | undefined>;
  /** Bytes; undefined where there is no such file. */
  size(path: string): Promise<number | undefined>;
  /** A file's bytes, or a range of them; the file must exist. Not checked. */
  stream(path: string, options?: Cancellable & { readonly range?: ByteRange | undefined }): ByteStream;
  close(): Promise<void>;
}

/** A manifest or index may have this many bytes (distribution-spec asks for 4 MiB at least). */
export const MANIFEST_LIMIT: number = 8 * 1024 * 1024;

/** `index.json` may have this many bytes: it lists every image of the layout. */
export const INDEX_LIMIT: number = 256 * 1024 * 1024;

/** Where a blob lies in a layout (image-spec, image-layout.md, "Blobs"). */
export function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

export function tooLarge(name: string, path: string, size: number, limit: number): TransportError {
  return new TransportError(
    "TOO_LARGE",
    `${name}: ${path} has ${size} bytes, more than the ${limit} allowed`,
    {
      fields: { path: name, file: path, size, limit },
    },
  );
}
