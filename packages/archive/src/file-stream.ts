import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { ByteStream, Cancellable } from "./bytes.ts";
import { ArchiveError } from "./errors.ts";
import { fileFault } from "./file-fault.ts";
import { BlockPool, lend } from "./reuse.ts";

/** Bytes in one read: the size at which hashing and zlib reach their full speed (bench/). */
const READ_SIZE = 1024 * 1024;

const pool = new BlockPool(READ_SIZE);

export interface ReadFileOptions extends Cancellable {
  /** The first byte to read; default 0. */
  readonly offset?: number | undefined;
  /** Bytes; default: to the end of the file. A file that has fewer is `TRUNCATED`. */
  readonly length?: number | undefined;
}

/**
 * A file's bytes, read one chunk ahead. The file is opened when reading starts and closed when it
 * ends, fails or is left early.
 *
 * `FILE_MISSING`, `FILE_UNREADABLE`, `TRUNCATED`
 */
export async function* readFileStream(
  path: string | Buffer,
  { offset = 0, length, signal }: ReadFileOptions = {},
): ByteStream {
  signal?.throwIfAborted();
  const file = await open(path).catch((error: unknown) => {
    throw fileFault("read", path, error);
  });
  let ahead: Promise<Buffer> | undefined;
  try {
    const status = await file.stat();
    // The size of /proc/self/status is 0, and a pipe has neither a size nor positions.
    const { size } = status;
    const at = (byte: number): number | null => (status.isFile() ? byte : null);
    const first = length ?? (size > offset ? size - offset : READ_SIZE);
    let position = offset;
    const end = length === undefined ? Infinity : offset + length;
    ahead = read(file, at(position), Math.min(first, READ_SIZE));
    while (position < end) {
      // oxlint-disable-next-line no-await-in-loop
      const chunk = await ahead;
      signal?.throwIfAborted();
      position += chunk.byteLength;
      if (chunk.byteLength === 0) break;
      const want = Math.min(READ_SIZE, end - position, Math.max(size - position, 1));
      ahead = want > 0 ? read(file, at(position), want) : undefined;
      yield chunk;
      if (ahead === undefined) break;
    }
    if (length !== undefined && position < end) {
      throw new ArchiveError("TRUNCATED", `${String(path)} ends at byte ${position}, before byte ${end}`, {
        fields: { path: String(path), size: position, expected: end },
      });
    }
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? fileFault("read", path, error) : error;
  } finally {
    await ahead?.catch(() => {}); // closing under a read in flight would read from another file
    await file.close();
  }
}

async function read(file: FileHandle, position: number | null, length: number): Promise<Buffer> {
  // Not from Node's shared pool: a chunk that is kept would keep its neighbours.
  const buffer = length === READ_SIZE ? pool.take() : Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  const chunk = bytesRead === length ? buffer : buffer.subarray(0, bytesRead);
  return length === READ_SIZE ? lend(chunk, pool.giveBack) : chunk;
}
