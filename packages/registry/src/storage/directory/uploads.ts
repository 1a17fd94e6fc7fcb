import { createHash, randomUUID } from "node:crypto";
import type { Hash } from "node:crypto";
import { constants, fstatSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { readFileStream, writeStream } from "@cooper/archive";
import type { ByteStream, HashAlgorithm } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { lockFile } from "@cooper/sys";
import { RegistryError } from "../../errors.ts";
import { algorithmOf } from "../../names.ts";
import { busyUpload, wrongContent } from "../faults.ts";
import type { OpenBlob, OpenUpload, UploadStorage } from "../storage.ts";
import { openFile } from "./blobs.ts";
import type { DirectoryBlobs } from "./blobs.ts";
import { isMissing, removeFile, touch } from "./files.ts";
import type { DirectoryLayout } from "./layout.ts";

/** The hash of the first `offset` bytes of an upload. */
interface Progress {
  readonly hash: Hash;
  readonly algorithm: HashAlgorithm;
  offset: number;
}

/** Ids are ours, and come back in a path. */
const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Uploads whose hash is remembered from one request to the next; others are read again. */
const MAX_REMEMBERED = 4096;

/**
 * Uploads as files that grow. The file is the truth: what this process has hashed of it is only
 * remembered, and whatever else stands in it, by another process or before a crash, is read when the
 * digest is asked for.
 */
export class DirectoryUploads implements UploadStorage {
  readonly #layout: DirectoryLayout;
  readonly #blobs: DirectoryBlobs;
  readonly #progress = new Map<string, Progress>();

  constructor(layout: DirectoryLayout, blobs: DirectoryBlobs) {
    this.#layout = layout;
    this.#blobs = blobs;
  }

  async startUpload(repository: string, algorithm: HashAlgorithm): Promise<string> {
    const id = randomUUID();
    await touch(this.#layout.upload(repository, id));
    this.#remember(id, { hash: createHash(algorithm), algorithm, offset: 0 });
    return id;
  }

  async uploadSize(repository: string, id: string): Promise<number | undefined> {
    if (!UPLOAD_ID.test(id)) return undefined;
    return statSync(this.#layout.upload(repository, id), { throwIfNoEntry: false })?.size;
  }

  async readUpload(repository: string, id: string): Promise<OpenBlob | undefined> {
    return UPLOAD_ID.test(id) ? openFile(this.#layout.upload(repository, id)) : undefined;
  }

  async cancelUpload(repository: string, id: string): Promise<boolean> {
    this.#progress.delete(id);
    return UPLOAD_ID.test(id) && removeFile(this.#layout.upload(repository, id));
  }

  async openUpload(repository: string, id: string): Promise<OpenUpload | undefined> {
    if (!UPLOAD_ID.test(id)) return undefined;
    const path = this.#layout.upload(repository, id);
    const file = await openToAppend(path);
    if (file === undefined) return undefined;
    try {
      if (!lockFile(file.fd, "exclusive")) throw busyUpload(id);
      // Somebody may have finished it, or taken it away, before the lock was ours.
      if (statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(file.fd).ino) {
        await file.close();
        return undefined;
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    return this.#writer(file, { repository, id, path });
  }

  #writer(
    file: FileHandle,
    { repository, id, path }: Readonly<Record<"repository" | "id" | "path", string>>,
  ): OpenUpload {
    let size = fstatSync(file.fd).size;
    return {
      get size() {
        return size;
      },
      append: async (content) => {
        const progress = this.#progress.get(id);
        const source = interruptible(content);
        try {
          await writeStream(file, progress?.offset === size ? hashed(source.bytes, progress) : source.bytes);
        } catch (error) {
          // What was hashed may not have been written.
          this.#progress.delete(id);
          throw error;
        } finally {
          size = fstatSync(file.fd).size;
        }
        source.throwIfInterrupted();
      },
      finish: async (digest) => {
        const actual = await this.#digest(id, path, digest);
        this.#progress.delete(id);
        if (actual !== digest) {
          removeFile(path);
          throw wrongContent(digest, actual);
        }
        await file.sync();
        if (!(await this.#blobs.adopt(path, repository, digest))) {
          throw new RegistryError("BLOB_UPLOAD_UNKNOWN", `upload ${id} was cancelled`);
        }
      },
      release: async () => await file.close(),
    };
  }

  /** The digest of an upload's whole content, of the same algorithm as `wanted`. */
  async #digest(id: string, path: string, wanted: Digest): Promise<string> {
    const algorithm = algorithmOf(wanted);
    const known = this.#progress.get(id);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const progress =
      known?.algorithm === algorithm && known.offset <= size
        ? known
        : { hash: createHash(algorithm), algorithm, offset: 0 };
    if (progress.offset < size) {
      // oxlint-disable-next-line no-empty
      for await (const _ of hashed(readFileStream(path, { offset: progress.offset }), progress)) {
      }
    }
    return `${algorithm}:${progress.hash.digest("hex")}`;
  }

  #remember(id: string, progress: Progress): void {
    const [oldest] = this.#progress.keys();
    if (oldest !== undefined && this.#progress.size >= MAX_REMEMBERED) this.#progress.delete(oldest);
    this.#progress.set(id, progress);
  }
}

/** A stream whose fault becomes its end, so that all that came before is written; the fault is thrown after. */
function interruptible(content: ByteStream): { readonly bytes: ByteStream; throwIfInterrupted(): void } {
  let fault: { readonly error: unknown } | undefined;
  async function* bytes(): ByteStream {
    try {
      yield* content;
    } catch (error) {
      fault = { error };
    }
  }
  return {
    bytes: bytes(),
    throwIfInterrupted: () => {
      if (fault !== undefined) throw fault.error;
    },
  };
}

async function* hashed(content: ByteStream, progress: Progress): ByteStream {
  for await (const chunk of content) {
    progress.hash.update(chunk);
    progress.offset += chunk.byteLength;
    yield chunk;
  }
}

/** Opens an upload's file at its end, and does not make one. */
async function openToAppend(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_WRONLY | constants.O_APPEND);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
