import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import {
  decompress,
  detectCompression,
  discard,
  fileFault,
  paddingOf,
  readFileStream,
  readTar,
} from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { spool } from "../durable/spool.ts";
import { TransportError } from "../errors.ts";
import { type LayoutFiles, tooLarge } from "../layout/files.ts";
import type { ByteRange } from "../repository.ts";

/** Bytes read at a place where a header is expected: small members that follow are seen at once. */
const WINDOW = 32 * 1024;

/** Links that lead to links, at most. */
const MAX_LINKS = 16;

interface Place {
  readonly offset: number;
  readonly size: number;
}

/**
 * The files of a tar archive, read from where they lie in it: nothing is unpacked. Compressed input
 * is decompressed once, into a temporary file without a name.
 */
export class TarFiles implements LayoutFiles {
  readonly name: string;
  readonly #file: FileHandle;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #links: ReadonlyMap<string, string>;

  private constructor(
    name: string,
    file: FileHandle,
    places: ReadonlyMap<string, Place>,
    links: ReadonlyMap<string, string>,
  ) {
    this.name = name;
    this.#file = file;
    this.#places = places;
    this.#links = links;
  }

  /** Opens a file. `NOT_FOUND`, `ARCHIVE_INVALID` */
  static async open(path: string, name: string, options: Cancellable = {}): Promise<TarFiles> {
    const file = await open(path, constants.O_RDONLY).catch((error: unknown) => {
      throw fileFault("read", path, error);
    });
    return await TarFiles.#opened(file, name, options);
  }

  /** Reads a stream to its end into a temporary file. */
  static async spool(stream: ByteStream, name: string, options: Cancellable = {}): Promise<TarFiles> {
    return await TarFiles.#opened(await spool(stream, options), name, options);
  }

  static async #opened(given: FileHandle, name: string, options: Cancellable): Promise<TarFiles> {
    let file = given;
    try {
      if (!(await file.stat()).isFile()) {
        throw invalid(name, "it is not a file", "An image in a directory is named oci:DIRECTORY.");
      }
      const { compression, stream } = await detectCompression(readFileStream(pathOf(file)));
      if (compression === "none") await discard(stream);
      else {
        file = await spool(decompress(stream), options);
        await given.close();
      }
      const places = new Map<string, Place>();
      const links = new Map<string, string>();
      await scan(file, places, links, name, options);
      return new TarFiles(name, file, places, links);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Each file and link, as it is named in the archive without a leading `./` or `/`. */
  paths(): Iterable<string> {
    return [...this.#places.keys(), ...this.#links.keys()];
  }

  async read(path: string, limit: number): Promise<Buffer | undefined> {
    const place = this.#find(path);
    if (place === undefined) return undefined;
    if (place.size > limit) throw tooLarge(this.name, path, place.size, limit);
    return await readAt(this.#file, place);
  }

  async size(path: string): Promise<number | undefined> {
    return this.#find(path)?.size;
  }

  async *stream(
    path: string,
    { range, signal }: Cancellable & { readonly range?: ByteRange | undefined } = {},
  ): ByteStream {
    const place = this.#find(path);
    if (place === undefined) throw new TransportError("NOT_FOUND", `${this.name}: there is no ${path}`);
    const offset = Math.min(range?.offset ?? 0, place.size);
    const length = Math.min(range?.length ?? place.size, place.size - offset);
    yield* readFileStream(pathOf(this.#file), { offset: place.offset + offset, length, signal });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #find(path: string): Place | undefined {
    let name: string | undefined = posix.normalize(path);
    for (let links = 0; name !== undefined && links < MAX_LINKS; links++) {
      const place = this.#places.get(name);
      if (place !== undefined) return place;
      name = this.#links.get(name);
    }
    return undefined;
  }
}

/** Where every member lies, jumping from header to header. */
async function scan(
  file: FileHandle,
  places: Map<string, Place>,
  links: Map<string, string>,
  name: string,
  { signal }: Cancellable,
): Promise<void> {
  let position: number | undefined = 0;
  while (position !== undefined) {
    signal?.throwIfAborted();
    const start: number = position;
    position = undefined;
    try {
      for await (const member of readTar(headersFrom(file, start))) {
        const path = inside(member.path);
        const offset = start + member.contentOffset;
        if (path !== undefined && member.type === "file" && member.sparse === undefined) {
          links.delete(path);
          places.set(path, { offset, size: member.size });
        } else if (path !== undefined && (member.type === "symlink" || member.type === "hardlink")) {
          const from = member.type === "symlink" ? posix.dirname(path) : ".";
          const target = inside(posix.join(from, member.linkPath));
          places.delete(path);
          if (target !== undefined) links.set(path, target);
        }
        const end = offset + member.storedSize + paddingOf(member.storedSize);
        if (end - start <= WINDOW) continue;
        position = end;
        break;
      }
    } catch (cause) {
      throw invalid(name, "it is not a tar archive, or it is damaged", undefined, cause);
    }
  }
}

/** A name in the archive, or undefined for one that leads out of it. */
function inside(path: string): string | undefined {
  const clean = posix.normalize(path).replace(/^\/+/, "");
  return clean === "" || clean === "." || clean === ".." || clean.startsWith("../") ? undefined : clean;
}

async function* headersFrom(file: FileHandle, start: number): ByteStream {
  for (let offset = start; ; offset += WINDOW) {
    const chunk = await readAt(file, { offset, size: WINDOW });
    if (chunk.byteLength > 0) yield chunk;
    if (chunk.byteLength < WINDOW) return;
  }
}

async function readAt(file: FileHandle, { offset, size }: Place): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(buffer, filled, size - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function pathOf(file: FileHandle): string {
  return `/proc/self/fd/${file.fd}`;
}

function invalid(name: string, why: string, advice?: string, cause?: unknown): TransportError {
  return new TransportError("ARCHIVE_INVALID", `cannot read ${name}: ${why}`, {
    fields: { path: name },
    cause,
    ...(advice === undefined ? {} : { advice }),
  });
}
