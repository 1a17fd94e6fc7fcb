import { ArchiveError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { BLOCK_SIZE, paddingOf } from "./block.ts";
import type { ByteSource } from "./byte-source.ts";
import type { PathString } from "./entry.ts";
import {
  checkedPath,
  mergeRecords,
  NO_RECORDS,
  numberRecord,
  parseLocalRecords,
  type PaxRecords,
  withGlobalRecords,
} from "./extended.ts";
import { exceeded, invalid } from "./fault.ts";
import { type Header, isZeroBlock, parseHeader } from "./header.ts";
import { Lookahead } from "./lookahead.ts";
import { Member, PendingContent } from "./member.ts";
import { type Extended, NOTHING_EXTENDED, resolveEntry, resolvePath, type Said } from "./resolve.ts";
import { sparseShapeOf } from "./sparse-shape.ts";
import { typeOf } from "./type-flag.ts";

/**
 * What a step came to: a member; content to skip; nothing yet (`more`: wait for `needed` bytes);
 * something to go on after (`again`); or a block of zeros or the end of the stream.
 */
export type Step = Member | PendingContent | "more" | "again" | "trailer" | "end";

/** More extended headers than this before one member serve no purpose but to waste time. */
const MAX_EXTENDED_HEADERS = 16;

/**
 * Reads members out of what has arrived, without waiting. A step either has all of a member's
 * headers together, or takes nothing and says how much it needs; so there is no state between steps
 * but the global records.
 */
export class TarParser {
  readonly #source: ByteSource;
  readonly #ahead: Lookahead;
  readonly #limits: Limits;
  #globals: PaxRecords = NO_RECORDS;
  #entries = 0;
  #unpackedBytes = 0;

  constructor(source: ByteSource, limits: Limits) {
    this.#source = source;
    this.#ahead = new Lookahead(source);
    this.#limits = limits;
  }

  /** After `more`: bytes to have together before the next step. */
  get needed(): number {
    return this.#ahead.needed;
  }

  /** Forgets the global records: another archive begins. */
  reset(): void {
    this.#globals = NO_RECORDS;
  }

  step(): Step {
    if (this.#isAtEnd()) return "end";
    const start = this.#source.offset;
    let extended = NOTHING_EXTENDED;
    let at = 0;
    for (let count = 0; count <= MAX_EXTENDED_HEADERS; count++) {
      const block = this.#ahead.look(at, BLOCK_SIZE, "a header");
      if (block === undefined) return "more";
      if (isZeroBlock(block)) {
        if (at > 0) throw invalid("an extended header belongs to no member", start);
        this.#source.advance(BLOCK_SIZE);
        return "trailer";
      }
      const header = parseHeader(block, start + at);
      if (!EXTENDED_FLAGS.has(header.typeFlag)) return this.#member(header, block, extended, at);

      const body = this.#body(header, at);
      if (body === undefined) return "more";
      const bodyOffset = start + at + BLOCK_SIZE;
      const end = at + BLOCK_SIZE + body.length + paddingOf(body.length);
      if (header.typeFlag !== GLOBAL) {
        extended = this.#extend(extended, header.typeFlag, body, bodyOffset);
      } else {
        this.#globals = withGlobalRecords(this.#globals, body, bodyOffset);
        if (at === 0) {
          this.#source.advance(end);
          return "again";
        }
      }
      at = end;
    }
    throw invalid(`more than ${MAX_EXTENDED_HEADERS} extended headers for one member`, start);
  }

  /** What follows an extended header, if it has arrived with its padding. */
  #body({ size }: Header, at: number): Buffer | undefined {
    const offset = this.#source.offset + at;
    const { maxHeaderBytes } = this.#limits;
    if (size < 0) throw invalid("a header has a negative size", offset);
    if (at + size > maxHeaderBytes) {
      throw exceeded("maxHeaderBytes", maxHeaderBytes, `extended headers of ${at + size} bytes`, offset);
    }
    const view = this.#ahead.look(at + BLOCK_SIZE, size + paddingOf(size), "an extended header");
    return view?.subarray(0, size);
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
    const said: Said = { header, extended, records, limits: this.#limits, offset };
    const path = resolvePath(said);
    const kind = typeOf(header, path);
    if (kind === "volume-part") throw volumePart(path, offset);

    const packedSize = kind.hasContent ? (numberRecord(records, "size", offset) ?? header.size) : 0;
    if (packedSize < 0) throw invalid("a header has a negative size", offset);
    const at = headerAt + BLOCK_SIZE;
    const { typeFlag } = header;
    const pairs = extended.sparsePairs;
    const shape =
      kind.type === "file"
        ? sparseShapeOf({ block, typeFlag, records, pairs, at, packedSize }, this.#ahead, this.#limits)
        : undefined;
    if (shape === "more") return "more";
    const storedAt = at + (shape?.mapBytes ?? 0);
    const storedSize = shape?.storedSize ?? packedSize;
    const size = shape?.size ?? storedSize;
    this.#count(size, offset);

    const entry =
      kind.type === undefined
        ? undefined
        : resolveEntry(said, path, kind.type, kind.type === "file" ? size : 0);
    this.#source.advance(storedAt);
    const stored = this.#take(storedSize, path);
    if (entry === undefined) return stored instanceof Uint8Array ? "again" : stored;
    const sparse = shape?.segments;
    return new Member({
      entry,
      headerOffset: start,
      contentOffset: start + storedAt,
      storedSize,
      sparse,
      records,
      stored,
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

  #count(size: number, offset: number): void {
    const { maxEntries, maxBytes } = this.#limits;
    this.#entries++;
    if (this.#entries > maxEntries) throw exceeded("maxEntries", maxEntries, "too many members", offset);
    this.#unpackedBytes += size;
    if (this.#unpackedBytes > maxBytes) throw exceeded("maxBytes", maxBytes, "too much content", offset);
  }

  /** Whether nothing is left but at most a part of a block of zeros. */
  #isAtEnd(): boolean {
    const left = this.#source.available;
    if (!this.#source.hasEnded || left >= BLOCK_SIZE) return false;
    return this.#source.view(0, left).every((byte) => byte === 0);
  }
}

const GLOBAL = 0x67; // g
const LONG_PATH = 0x4c; // L
const LONG_LINK_PATH = 0x4b; // K

/** Headers that speak of the next one: x and Solaris's X, g, GNU's L and K. */
const EXTENDED_FLAGS: ReadonlySet<number> = new Set([0x78, 0x58, GLOBAL, LONG_PATH, LONG_LINK_PATH]);

function volumePart(path: PathString, offset: number): ArchiveError {
  return new ArchiveError(
    "TAR_UNSUPPORTED",
    `${JSON.stringify(path)} at offset ${offset} goes on from another volume`,
    { advice: "Join the volumes with GNU tar and pack them again.", fields: { path, offset } },
  );
}
