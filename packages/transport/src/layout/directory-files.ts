import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { open } from "node:fs/promises";
import { join, relative } from "node:path";
import { readFileStream } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { errnoOf, openBeneath } from "@cooper/sys";
import { TransportError } from "../errors.ts";
import type { ByteRange } from "../repository.ts";
import { type LayoutFiles, tooLarge } from "./files.ts";

/** Bytes: a manifest, a config. What has no more is read at once, sooner than another thread would begin to. */
const SMALL = 64 * 1024;

/** The files of a layout in a directory. No path and no symlink leads out of it. */
export class DirectoryFiles implements LayoutFiles {
  readonly name: string;
  readonly #root: string;

  constructor(root: string, name: string) {
    this.#root = root;
    this.name = name;
  }

  async read(path: string, limit: number): Promise<Buffer | undefined> {
    const fd = this.#open(path);
    if (fd === undefined) return undefined;
    try {
      const { size } = fstatSync(fd);
      if (size > limit) throw tooLarge(this.name, path, size, limit);
      if (size <= SMALL) return readFileSync(fd);
      const file = await open(`/proc/self/fd/${fd}`);
      try {
        return await file.readFile();
      } finally {
        await file.close();
      }
    } finally {
      closeSync(fd);
    }
  }

  async size(path: string): Promise<number | undefined> {
    const fd = this.#open(path);
    if (fd === undefined) return undefined;
    try {
      return fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  }

  async *stream(
    path: string,
    { range, signal }: Cancellable & { readonly range?: ByteRange | undefined } = {},
  ): ByteStream {
    const fd = this.#open(path);
    if (fd === undefined) throw missing(this.name, path);
    try {
      signal?.throwIfAborted();
      const status = fstatSync(fd);
      if (range === undefined && status.isFile() && status.size <= SMALL) yield readFileSync(fd);
      else yield* readFileStream(`/proc/self/fd/${fd}`, { ...range, signal });
    } finally {
      closeSync(fd);
    }
  }

  async close(): Promise<void> {}

  #open(path: string): number | undefined {
    let root: number;
    try {
      root = openSync(this.#root, constants.O_RDONLY | constants.O_DIRECTORY);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      return openBeneath(root, path, constants.O_RDONLY);
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (errnoOf(error) !== "ELOOP") throw error;
      return openBeneath(root, this.#target(path), constants.O_RDONLY);
    } finally {
      closeSync(root);
    }
  }

  /** Where a blob that is a symlink really lies: beneath the root, or nowhere. */
  #target(path: string): string {
    let target: string;
    try {
      target = relative(realpathSync(this.#root), realpathSync(join(this.#root, path)));
    } catch (cause) {
      if (isMissing(cause)) throw missing(this.name, path);
      throw cause;
    }
    if (target === ".." || target.startsWith("../")) {
      throw new TransportError(
        "LAYOUT_INVALID",
        `${this.name}: ${path} is a symlink that leaves the layout`,
        {
          fields: { path: this.name, file: path },
          advice: "Copy the layout with its symlinks replaced by files: cp -rL.",
        },
      );
    }
    return target;
  }
}

function missing(name: string, path: string): TransportError {
  return new TransportError("NOT_FOUND", `${name}: there is no ${path}`, {
    fields: { path: name, file: path },
    advice: "The layout is not whole: copy it again from where it came from.",
  });
}

function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOENT" || errno === "ENOTDIR";
}
