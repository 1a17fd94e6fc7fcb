import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { discard } from "./bytes.ts";
import type { ByteStream, Cancellable } from "./bytes.ts";
import { ArchiveError } from "./errors.ts";
import { fileFault, requireReplaceable } from "./file-fault.ts";
import { giveBack } from "./reuse.ts";

/** Small chunks, such as tar headers, are gathered until there are this many bytes to write. */
const WRITE_SIZE = 1024 * 1024;

export interface WriteFileOptions extends Cancellable {
  /** Permission bits, whatever the umask; default 0o644. */
  readonly mode?: number | undefined;
}

export interface WriteNewFileOptions extends WriteFileOptions {
  /** Default `synced`. `unsynced`: for what is looked at once more before it counts. */
  readonly durability?: "synced" | "unsynced" | undefined;
}

/**
 * Writes a stream to a file that appears whole or not at all: written beside it under another name,
 * synced, renamed, and the directory synced. Replaces a file that is there. On a fault the
 * temporary is removed, the stream closed and what was there before stays.
 *
 * Gives the number of bytes. `FILE_MISSING` (no such directory), `FILE_UNWRITABLE`, `DISK_FULL`,
 * and whatever the stream throws.
 */
export async function writeFileAtomic(
  path: string,
  stream: ByteStream,
  options: WriteFileOptions = {},
): Promise<number> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path).slice(0, 200)}.${randomBytes(8).toString("hex")}.tmp`);
  const file = await openAside(path, temporary).catch(async (error: unknown) => {
    await discard(stream);
    throw writeFault(path, error);
  });
  try {
    const size = await fill(file, stream, options);
    await rename(temporary, path);
    await syncDirectory(directory);
    return size;
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeFault(path, error);
  }
}

/**
 * Writes a stream to a file that is not there yet, and syncs it unless told otherwise: for whoever gives
 * it its name afterwards. On a fault the file is removed and the stream closed. Gives the number of bytes, and the
 * same errors as `writeFileAtomic`.
 */
export async function writeNewFile(
  path: string,
  stream: ByteStream,
  options: WriteNewFileOptions = {},
): Promise<number> {
  const file = await open(path, "wx", 0o600).catch(async (error: unknown) => {
    await discard(stream);
    throw writeFault(path, error);
  });
  try {
    return await fill(file, stream, options);
  } catch (error) {
    await rm(path, { force: true });
    throw writeFault(path, error);
  }
}

async function openAside(path: string, temporary: string): Promise<FileHandle> {
  requireReplaceable(path);
  return await open(temporary, "wx", 0o600);
}

/** Writes all of a file, and closes it. */
async function fill(
  file: FileHandle,
  stream: ByteStream,
  { mode = 0o644, signal, durability }: WriteNewFileOptions,
): Promise<number> {
  try {
    const size = await writeStream(file, stream, { signal });
    await file.chmod(mode);
    if (durability !== "unsynced") await file.sync();
    return size;
  } finally {
    await file.close();
  }
}

/**
 * Writes a stream to an open file at its current position; the file stays open and is not synced.
 * The next chunk is made while the last one is written. Gives the number of bytes.
 */
export async function writeStream(
  file: FileHandle,
  stream: ByteStream,
  { signal }: Cancellable = {},
): Promise<number> {
  let size = 0;
  let batch: Uint8Array[] = [];
  let batchSize = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      if (chunk.byteLength === 0) continue;
      batch.push(chunk);
      batchSize += chunk.byteLength;
      size += chunk.byteLength;
      if (batchSize < WRITE_SIZE && batch.length < 512) continue;
      await writing;
      writing = writeAll(file, batch);
      writing.catch(() => {}); // it is awaited above or below; until then it is nobody's rejection
      batch = [];
      batchSize = 0;
    }
  } finally {
    await writing;
  }
  if (batch.length > 0) await writeAll(file, batch);
  return size;
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const expected = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const { bytesWritten } = await file.writev(chunks);
  let rest = bytesWritten;
  if (rest === expected) {
    for (const chunk of chunks) giveBack(chunk);
    return;
  }
  // A disk that fills up takes a part first and tells why only on the next write.
  for (const chunk of chunks) {
    const taken = Math.min(rest, chunk.byteLength);
    rest -= taken;
    // oxlint-disable-next-line no-await-in-loop
    if (taken < chunk.byteLength) await file.writeFile(chunk.subarray(taken));
  }
}

/** Makes names in a directory survive a crash: those just created, renamed or removed. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A fault of the system in words; others as they are. */
function writeFault(path: string, error: unknown): unknown {
  const isSystemError = error instanceof Error && "syscall" in error && !(error instanceof ArchiveError);
  return isSystemError ? fileFault("write", path, error) : error;
}
