import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { writeStream } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { writeFault } from "./fault.ts";

/**
 * Reads a stream into a temporary file that has no name any more, so that it goes with its
 * descriptor, also after a kill. Close it when done. In `directory`, else where temporary files are.
 */
export async function spool(
  stream: ByteStream,
  { directory = tmpdir(), signal }: Cancellable & { readonly directory?: string } = {},
): Promise<FileHandle> {
  const path = join(directory, `.cooper-${randomBytes(8).toString("hex")}.part`);
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await rm(path);
    await writeStream(file, stream, { signal });
    return file;
  } catch (error) {
    await file?.close();
    throw writeFault(directory, error);
  }
}
