import { ArchiveError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { BLOCK_SIZE, paddingOf } from "./block.ts";
import type { ByteSource } from "./byte-source.ts";
import type { EntryType, PathString, TarEntry } from "./entry.ts";
import {
  checkedPath,
  mergeRecords,
  NO_RECORDS,
  numberRecord,
  parseLocalRecords,
  pathRecord,
  type PaxRecords,
  type SparsePair,
  timeRecord,
  withGlobalRecords,
  xattrRecords,
} from "./extended.ts";
import { exceeded, invalid, truncated } from "./fault.ts";
import { type Header, isZeroBlock, parseHeader } from "./header.ts";
import { Member, PendingContent } from "./member.ts";
import { stripTrailingSlashes } from "./path.ts";
import {
  addContentMap,
  addOldExtensionPairs,
  addOldHeaderPairs,
  oldRealSize,
  SparseMapBuilder,
  type SparseSegment,
} from "./sparse.ts";
import { typeOf } from "./type-flag.ts";

/**
 * What a step came to: a member; content to skip; nothing yet (`more`: wait for `needed` bytes);
 * a global header, after which to go on (`again`); or a block of zeros or the end of the stream.
 */
export type Step = Member | PendingContent | "more" | "again" | "trailer" | "end";

/** More extended headers than this before one member serve no purpose but to waste time. */
const MAX_EXTENDED_HEADERS = 16;

/** From here on, headers that go on and on are waited for in growing steps, so that none is read often. */
const GROWTH_FLOOR = 64 * 1024;

/** What the extended headers before a member say. */
interface Extended {
  readonly local: PaxRecords;
  readonly sparsePairs: readonly SparsePair[];
  readonly longPath: PathString | undefined;
  readonly longLinkPath: PathString | undefined;
}

const NOTHING_EXTENDED: Extended = {
  local: NO_RECORDS,
  sparsePairs: [],
  longPath: undefined,
  longLinkPath: undefined,
};

interface SparseShape {
  readonly segments: readonly SparseSegment[];
  readonly size: number;
  /** Bytes of the map, which lies before the data: after the header or in the content. */
  readonly mapBytes: number;
}

/**
 * Reads members out of what has arrived, without waiting. A step either has all of a member's
 * headers together, or takes nothing and says how much it needs; so there is no state between steps
 * but the global records.
 */
export class TarParser {
  readonly #source: ByteSource;
  readonly #limits: Limits;
  #globals: PaxRecords = NO_RECORDS;
  #entries = 0;
  #unpackedBytes = 0;
  #needed = 0;

  constructor(source: ByteSource, limits: Limits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** After `more`: bytes to have together before the next step. */
  get needed(): number {
    return this.#needed;
  }

  /** Forgets the global records: another archive begins. */
  reset(): void {
    this.#globals = NO_RECORDS;
  }

  step(): Step {
    const start = this.#source.offset;
    let extended = NOTHING_EXTENDED;
    let at = 0;
    for (let count = 0; count <= MAX_EXTENDED_HEADERS; count++) {
      if (at === 0 && this.#isAtEnd()) return "end";
      const block = this.#look(at, BLOCK_SIZE, "a header");
      if (block === undefined) return "more";
      if (isZeroBlock(block)) {
        if (at > 0) throw invalid("an extended header belongs to no member", start);
        this.#source.advance(BLOCK_SIZE);
        return "trailer";
      }
      const header = parseHeader(block, start + at);
      if (!EXTENDED_FLAGS.has(header.typeFlag)) return this.#member(header, block, extended, at);
      const { size } = header;
      if (size < 0) throw invalid("a header has a negative size", start + at);
      const { maxHeaderBytes } = this.#limits;
      if (at + size > maxHeaderBytes) {
        throw exceeded(
          "maxHeaderBytes",
          maxHeaderBytes,
          `extended headers of ${at + size} bytes`,
          start + at,
        );
      }
      const view = this.#look(at + BLOCK_SIZE, size + paddingOf(size), "an extended header");
      if (view === undefined) return "more";
      const body = view.subarray(0, size);
      const bodyOffset = start + at + BLOCK_SIZE;
      at += BLOCK_SIZE + view.length;
      if (header.typeFlag === GLOBAL) {
        this.#globals = withGlobalRecords(this.#globals, body, bodyOffset);
        if (at === BLOCK_SIZE + view.length) {
          this.#source.advance(at);
          return "again";
        }
      } else {
        extended = this.#extend(extended, header.typeFlag, body, bodyOffset);
      }
    }
    throw invalid(`more than ${MAX_EXTENDED_HEADERS} extended headers for one member`, start);
  }

  #extend(extended: Extended, typeFlag: number, body: Buffer, offset: number): Extended {
    if (typeFlag === LONG_PATH || typeFlag === LONG_LINK_PATH) {
      const end = body.indexOf(0);
      const path = checkedPath(end < 0 ? body : body.subarray(0, end), this.#limits, offset);
      return typeFlag === LONG_PATH ? { ...extended, longPath: path } : { ...extended, longLinkPath: path };
    }
    // A copy, so that whoever keeps an attribute does not keep the chunk that it came in.
    const { records, sparsePairs } = parseLocalRecords(Buffer.from(body), offset);
    return { ...extended, local: records, sparsePairs };
  }

  #member(header: Header, block: Buffer, extended: Extended, headerAt: number): Step {
    const start = this.#source.offset;
    const offset = start + headerAt;
    const records = mergeRecords(this.#globals, extended.local);
    const path =
      extended.longPath ??
      pathRecord(records, "GNU.sparse.name", this.#limits, offset) ??
      pathRecord(records, "path", this.#limits, offset) ??
      header.path;
    const kind = typeOf(header, path);
    if (kind === "volume-part") throw volumePart(path, offset);

    const packedSize = kind.hasContent ? (numberRecord(records, "size", offset) ?? header.size) : 0;
    if (packedSize < 0) throw invalid("a header has a negative size", offset);
    const at = headerAt + BLOCK_SIZE;
    const isFile = kind.type === "file";
    const sparse = isFile
      ? this.#sparse(header, block, records, extended.sparsePairs, at, packedSize)
      : undefined;
    if (sparse === "more") return "more";
    const storedAt = at + (sparse?.mapBytes ?? 0);
    const isMapInContent = header.typeFlag !== OLD_SPARSE;
    const storedSize = packedSize - (isMapInContent ? (sparse?.mapBytes ?? 0) : 0);
    const size = isFile ? (sparse?.size ?? storedSize) : 0;
    this.#count(Math.max(size, storedSize), offset);

    const entry: TarEntry | undefined =
      kind.type === undefined
        ? undefined
        : {
            path: stripTrailingSlashes(path),
            type: kind.type,
            mode: header.mode & 0o7777,
            uid: numberRecord(records, "uid", offset) ?? header.uid,
            gid: numberRecord(records, "gid", offset) ?? header.gid,
            size,
            mtime: timeRecord(records, "mtime", offset) ?? { seconds: header.seconds, nanoseconds: 0 },
            linkPath: isLink(kind.type)
              ? (extended.longLinkPath ??
                pathRecord(records, "linkpath", this.#limits, offset) ??
                header.linkPath)
              : "",
            deviceMajor: header.deviceMajor,
            deviceMinor: header.deviceMinor,
            userName: pathRecord(records, "uname", this.#limits, offset) ?? header.userName,
            groupName: pathRecord(records, "gname", this.#limits, offset) ?? header.groupName,
            xattrs: xattrRecords(records, this.#limits, offset),
          };

    this.#source.advance(storedAt);
    const stored = this.#take(storedSize, path);
    if (entry === undefined) return stored instanceof Uint8Array ? "again" : stored;
    return new Member({
      entry,
      headerOffset: start,
      contentOffset: start + storedAt,
      storedSize,
      sparse: sparse?.segments,
      records,
      stored: isFile || !(stored instanceof Uint8Array) ? stored : NO_BYTES,
    });
  }

  /** The content if it has arrived, and where not, what waits for it. */
  #take(size: number, path: PathString): Uint8Array | PendingContent {
    const padding = paddingOf(size);
    if (this.#source.available < size + padding) return new PendingContent(this.#source, size, padding, path);
    const bytes = this.#source.view(0, size);
    this.#source.advance(size + padding);
    return bytes;
  }

  #sparse(
    header: Header,
    block: Buffer,
    records: PaxRecords,
    pairs: readonly SparsePair[],
    at: number,
    packedSize: number,
  ): SparseShape | "more" | undefined {
    const offset = this.#source.offset + at - BLOCK_SIZE;
    const map = new SparseMapBuilder(this.#limits, offset);
    if (header.typeFlag === OLD_SPARSE) {
      return this.#oldSparse(map, block, at, packedSize);
    }
    const major = records.get("GNU.sparse.major")?.toString("latin1");
    const minor = records.get("GNU.sparse.minor")?.toString("latin1");
    const size =
      numberRecord(records, "GNU.sparse.realsize", offset) ??
      numberRecord(records, "GNU.sparse.size", offset);
    const list = records.get("GNU.sparse.map");
    if (major !== undefined && major !== "0") {
      if (major !== "1" || minor !== "0") throw unknownSparse(`${major}.${minor}`, offset);
      return this.#contentSparse(map, size, at, packedSize);
    }
    if (list !== undefined) {
      const numbers = list.length === 0 ? [] : list.toString("latin1").split(",");
      for (let i = 0; i < numbers.length; i += 2) map.add(decimal(numbers[i]), decimal(numbers[i + 1]));
    } else if (pairs.length > 0 || records.has("GNU.sparse.numblocks")) {
      for (const [pairOffset, length] of pairs) map.add(pairOffset, length);
    } else {
      return undefined;
    }
    return { segments: map.finish(size, packedSize), size: size ?? 0, mapBytes: 0 };
  }

  #oldSparse(map: SparseMapBuilder, block: Buffer, at: number, packedSize: number): SparseShape | "more" {
    const start = this.#source.offset;
    const size = oldRealSize(block, start + at - BLOCK_SIZE);
    let mapBytes = 0;
    let goesOn = addOldHeaderPairs(map, block, start + at - BLOCK_SIZE);
    while (goesOn) {
      const extension = this.#look(at + mapBytes, BLOCK_SIZE, "the map of a sparse file");
      if (extension === undefined) return "more";
      goesOn = addOldExtensionPairs(map, extension, start + at + mapBytes);
      mapBytes += BLOCK_SIZE;
      this.#boundMap(mapBytes, start + at);
    }
    return { segments: map.finish(size, packedSize), size, mapBytes };
  }

  #contentSparse(
    map: SparseMapBuilder,
    size: number | undefined,
    at: number,
    packedSize: number,
  ): SparseShape | "more" {
    const offset = this.#source.offset + at;
    const first = this.#look(at, Math.min(BLOCK_SIZE, packedSize), "the map of a sparse file");
    if (first === undefined) return "more";
    const here = Math.min(packedSize, this.#source.available - at);
    const mapBytes = addContentMap(map, this.#source.view(at, here), offset);
    if (mapBytes !== undefined) {
      return { segments: map.finish(size, packedSize - mapBytes), size: size ?? 0, mapBytes };
    }
    if (here === packedSize) throw invalid("the map of a sparse file makes no sense", offset);
    this.#boundMap(here, offset);
    this.#look(at, here + BLOCK_SIZE, "the map of a sparse file");
    return "more";
  }

  #boundMap(mapBytes: number, offset: number): void {
    const { maxHeaderBytes } = this.#limits;
    if (mapBytes > maxHeaderBytes)
      throw exceeded("maxHeaderBytes", maxHeaderBytes, "the map of a sparse file", offset);
  }

  #count(size: number, offset: number): void {
    const { maxEntries, maxBytes } = this.#limits;
    this.#entries++;
    if (this.#entries > maxEntries) throw exceeded("maxEntries", maxEntries, "too many members", offset);
    this.#unpackedBytes += size;
    if (this.#unpackedBytes > maxBytes) throw exceeded("maxBytes", maxBytes, "too much content", offset);
  }

  /** Bytes that must come, if they are here. `TRUNCATED` if they never will be. */
  #look(at: number, length: number, inside: string): Buffer | undefined {
    const end = at + length;
    if (this.#source.available >= end) return this.#source.view(at, length);
    if (this.#source.hasEnded) throw truncated(inside, this.#source.offset + this.#source.available);
    this.#needed = end > GROWTH_FLOOR ? Math.max(end, 2 * this.#source.available) : end;
    return undefined;
  }

  /** Whether nothing is left but at most a part of a block of zeros. */
  #isAtEnd(): boolean {
    const left = this.#source.available;
    if (!this.#source.hasEnded || left >= BLOCK_SIZE) return false;
    return this.#source.view(0, left).every((byte) => byte === 0);
  }
}

const NO_BYTES = Buffer.alloc(0);
const GLOBAL = 0x67; // g
const LONG_PATH = 0x4c; // L
const LONG_LINK_PATH = 0x4b; // K
const OLD_SPARSE = 0x53; // S

/** Headers that speak of the next one: x and Solaris's X, g, GNU's L and K. */
const EXTENDED_FLAGS: ReadonlySet<number> = new Set([0x78, 0x58, GLOBAL, LONG_PATH, LONG_LINK_PATH]);

function isLink(type: EntryType): boolean {
  return type === "symlink" || type === "hardlink";
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function volumePart(path: PathString, offset: number): ArchiveError {
  return new ArchiveError(
    "TAR_UNSUPPORTED",
    `${JSON.stringify(path)} at offset ${offset} goes on from another volume`,
    {
      advice: "Join the volumes with GNU tar and pack them again.",
      fields: { path, offset },
    },
  );
}

function unknownSparse(version: string, offset: number): ArchiveError {
  return new ArchiveError(
    "TAR_UNSUPPORTED",
    `sparse file format ${version} at offset ${offset} is not known`,
    {
      advice: "Pack it with GNU tar --sparse-version=1.0.",
      fields: { offset },
    },
  );
}
