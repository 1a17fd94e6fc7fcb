import { type ByteStream, fromBytes } from "../bytes.ts";
import { ArchiveError } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import type { EntryType, PathString, TarEntry, Timestamp } from "./entry.ts";
import { truncated } from "./fault.ts";
import type { SparseSegment } from "./sparse.ts";

/** A member as it is read: what it says, where it lies, and its content. */
export interface TarMember extends TarEntry {
  /** Where its first header lies in the archive, extended ones included; bytes. */
  readonly headerOffset: number;
  /** Where its stored content lies in the archive; bytes. */
  readonly contentOffset: number;
  /** Bytes of stored content: of a sparse file its data alone, else the same as `size`. */
  readonly storedSize: number;
  /** The pieces of a sparse file that have data, in order; undefined for any other member. */
  readonly sparse: readonly SparseSegment[] | undefined;
  /** All PAX records in force for it, global and its own; values as they stand. */
  readonly records: ReadonlyMap<string, Uint8Array>;
  /** The whole content, where it is in memory anyway; stays good. Undefined for sparse files. */
  readonly bytes: Uint8Array | undefined;
  /**
   * The content, holes as zeros; to be read once, before the next member is asked for, else
   * `CONTENT_PASSED`. What is left of it then is skipped. `TRUNCATED` where it ends too soon.
   */
  readonly content: () => ByteStream;
  /** The content as it is stored: of a sparse file only the data of its pieces, one after another. */
  readonly stored: () => ByteStream;
}

export interface MemberFields {
  readonly entry: TarEntry;
  readonly headerOffset: number;
  readonly contentOffset: number;
  readonly storedSize: number;
  readonly sparse: readonly SparseSegment[] | undefined;
  readonly records: ReadonlyMap<string, Uint8Array>;
  /** The stored content, or what waits for it. */
  readonly stored: Uint8Array | PendingContent;
}

/** All is its own property, so that `{ ...member, path }` is a whole member too. */
export class Member implements TarMember {
  readonly path: PathString;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: Timestamp;
  readonly linkPath: PathString;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly userName: string;
  readonly groupName: string;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly headerOffset: number;
  readonly contentOffset: number;
  readonly storedSize: number;
  readonly sparse: readonly SparseSegment[] | undefined;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly bytes: Uint8Array | undefined;
  /** What has still to arrive, or undefined where all is here. */
  readonly pending: PendingContent | undefined;
  readonly stored: () => ByteStream;
  readonly content: () => ByteStream;

  constructor(fields: MemberFields) {
    const { entry } = fields;
    this.path = entry.path;
    this.type = entry.type;
    this.mode = entry.mode;
    this.uid = entry.uid;
    this.gid = entry.gid;
    this.size = entry.size;
    this.mtime = entry.mtime;
    this.linkPath = entry.linkPath;
    this.deviceMajor = entry.deviceMajor;
    this.deviceMinor = entry.deviceMinor;
    this.userName = entry.userName;
    this.groupName = entry.groupName;
    this.xattrs = entry.xattrs;
    this.headerOffset = fields.headerOffset;
    this.contentOffset = fields.contentOffset;
    this.sparse = fields.sparse;
    this.records = fields.records;
    const { stored, sparse } = fields;
    this.pending = stored instanceof Uint8Array ? undefined : stored;
    // What GNU tar --incremental keeps in directories is passed over, like padding.
    const visible = entry.type === "file" ? stored : NO_BYTES;
    this.storedSize = entry.type === "file" ? fields.storedSize : 0;
    this.bytes = visible instanceof Uint8Array && sparse === undefined ? visible : undefined;
    this.stored = () => streamOf(visible);
    this.content = sparse === undefined ? this.stored : () => expand(streamOf(visible), sparse, entry.size);
  }
}

/** The content of a member that is not in memory when the member is given. */
export class PendingContent {
  readonly #source: ByteSource;
  readonly #name: string;
  #remaining: number;
  #padding: number;
  #state: "unread" | "reading" | "passed" = "unread";

  constructor(source: ByteSource, size: number, padding: number, name: string) {
    this.#source = source;
    this.#remaining = size;
    this.#padding = padding;
    this.#name = name;
  }

  async *stream(): ByteStream {
    if (this.#state !== "unread") throw this.#passed();
    this.#state = "reading";
    while (this.#remaining > 0) {
      if (this.#source.available === 0 && !(await this.#source.more())) throw this.#truncated();
      const chunk = this.#source.takeSome(this.#remaining);
      this.#remaining -= chunk.length;
      yield chunk;
      if (this.#isPassed()) throw this.#passed();
    }
  }

  /** Skips what was not read: the reader goes on to the next member. */
  async finish(): Promise<void> {
    this.#state = "passed";
    let rest = this.#remaining + this.#padding;
    while (rest > 0) {
      if (this.#source.available === 0 && !(await this.#source.more())) {
        if (rest === this.#padding) return; // umoci insert writes neither the last padding nor a trailer
        throw this.#truncated();
      }
      rest -= this.#source.takeSome(rest).length;
    }
  }

  #isPassed(): boolean {
    return this.#state === "passed" && this.#remaining > 0;
  }

  #truncated(): ArchiveError {
    return truncated(`the content of ${JSON.stringify(this.#name)}`, this.#source.offset);
  }

  #passed(): ArchiveError {
    return new ArchiveError(
      "CONTENT_PASSED",
      `the content of ${JSON.stringify(this.#name)} has been read or passed`,
      {
        advice: "Read a member's content once, before the next member is asked for.",
        fields: { path: this.#name },
      },
    );
  }
}

const NO_BYTES = new Uint8Array(0);
const HOLE_SIZE = 1024 * 1024;

function streamOf(stored: Uint8Array | PendingContent): ByteStream {
  if (!(stored instanceof Uint8Array)) return stored.stream();
  return stored.byteLength === 0 ? fromBytes() : fromBytes(stored);
}

async function* zeros(length: number): ByteStream {
  for (let rest = length; rest > 0;) {
    const chunk = Buffer.alloc(Math.min(rest, HOLE_SIZE));
    rest -= chunk.length;
    yield chunk;
  }
}

async function* expand(stored: ByteStream, segments: readonly SparseSegment[], size: number): ByteStream {
  let position = 0;
  let index = 0;
  let left = segments[0]?.length ?? 0; // bytes of the segment at `index` that are still to come
  for await (const chunk of stored) {
    for (let done = 0; done < chunk.byteLength;) {
      const segment = segments[index];
      if (segment === undefined) break;
      if (left === segment.length) yield* zeros(segment.offset - position);
      const piece = chunk.subarray(done, done + left);
      yield piece;
      done += piece.byteLength;
      left -= piece.byteLength;
      position = segment.offset + segment.length - left;
      if (left === 0) left = segments[++index]?.length ?? 0;
    }
  }
  yield* zeros(size - position);
}
