import { constants, copyFile, stat } from "node:fs/promises";
import { errnoOf } from "@cooper/sys";
import type { ByteStream, Cancellable } from "./bytes.ts";
import { ArchiveError } from "./errors.ts";
import { fileFault } from "./file-fault.ts";
import { readFileStream } from "./file-stream.ts";
import { originOf } from "./same-bytes.ts";
import { type Promised, vouchedFor } from "./verified.ts";

interface WholeFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

const files = new WeakMap<ByteStream, WholeFile>();

/**
 * All bytes of a file that the caller has just written or read, and so knows to be what is promised: nobody
 * checks them once more, and who writes them into another file may let the kernel copy them.
 */
export function readWholeFile(
  path: string,
  promised: Promised & { readonly size: number },
  options: Cancellable = {},
): ByteStream {
  const stream = vouchedFor(readFileStream(path, { length: promised.size, ...options }), promised);
  files.set(stream, { path, size: promised.size });
  return stream;
}

/**
 * Copies a stream that is nothing but such a file to `path`, without reading it here; by reference where the file
 * system can do that. Gives the number of bytes; undefined, and nothing done, for any other stream.
 * `FILE_MISSING`, `TRUNCATED`
 */
export async function copyWholeFile(stream: ByteStream, path: string): Promise<number | undefined> {
  const file = files.get(originOf(stream));
  if (file === undefined) return undefined;
  await copyFile(file.path, path, constants.COPYFILE_FICLONE).catch((error: unknown) => {
    throw errnoOf(error) === "ENOENT" ? fileFault("read", file.path, error) : error;
  });
  const { size } = await stat(path);
  if (size === file.size) return size;
  throw new ArchiveError("TRUNCATED", `${file.path} has ${size} bytes, not ${file.size}`, {
    fields: { path: file.path, size, expected: file.size },
  });
}
