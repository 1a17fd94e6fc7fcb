import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, readdirSync, rmSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { writeStream } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { lockFile } from "@cooper/sys";
import { isStillThere } from "./lock.ts";

const ASIDE_NAME = /^\.cooper-[0-9a-f]{16}\.part$/;

/**
 * A file that is being written under a name that no reader looks at. It is locked for as long as its
 * writer lives, so that what a killed writer left behind can be told from what is still being written.
 */
export class Aside {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** A new one in `directory`, which must be on the file system that the file is to live on. */
  static async create(directory: string): Promise<Aside> {
    for (;;) {
      const path = join(directory, `.cooper-${randomBytes(8).toString("hex")}.part`);
      const file = await open(path, "wx", 0o644);
      // Between the two calls a reaper may have taken it for a dead one.
      if (lockFile(file.fd, "exclusive") && isStillThere(file.fd, path)) return new Aside(path, file);
      await file.close();
    }
  }

  /** Adds a stream's bytes; gives how many. */
  async write(stream: ByteStream, options: Cancellable = {}): Promise<number> {
    return await writeStream(this.#file, stream, options);
  }

  /** Syncs it and gives it its name, replacing what had it. The directory is still to be synced. */
  async commit(path: string): Promise<void> {
    await this.#file.chmod(0o644);
    await this.#file.datasync();
    await rename(this.#path, path);
    await this.#file.close();
  }

  /**
   * Gives it its name without a sync, and a mode that says so: a crash of the machine may leave any bytes
   * under that name, so whoever finds the mode looks at them before they count.
   */
  async leave(path: string, mode: number): Promise<void> {
    await this.#file.chmod(mode);
    await rename(this.#path, path);
    await this.#file.close();
  }

  /** Removes it. Also after a failed `commit`. */
  async discard(): Promise<void> {
    await rm(this.#path, { force: true });
    await this.#file.close();
  }
}

/** Removes the files that killed writers left in a directory. Gives their number. */
export function reapAsides(directory: string): number {
  let reaped = 0;
  for (const name of readdirSync(directory)) {
    if (!ASIDE_NAME.test(name)) continue;
    const path = join(directory, name);
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
    } catch {
      continue; // finished or reaped by another process a moment ago, or not ours to remove
    }
    try {
      if (lockFile(fd, "exclusive")) {
        rmSync(path, { force: true });
        reaped += 1;
      }
    } finally {
      closeSync(fd);
    }
  }
  return reaped;
}
