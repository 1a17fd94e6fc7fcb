import type { Limits } from "../limits.ts";
import { BLOCK_SIZE } from "./block.ts";
import { exceeded, invalid } from "./fault.ts";
import { parseNumber } from "./number.ts";

/** A piece of a sparse file that has data, in bytes of the whole file. All else is zeros. */
export interface SparseSegment {
  readonly offset: number;
  readonly length: number;
}

/** Gathers a sparse map and sees to its sense: in order, within the file, not too long. */
export class SparseMapBuilder {
  readonly #segments: SparseSegment[] = [];
  readonly #limits: Limits;
  readonly #archiveOffset: number;
  #end = 0;
  #stored = 0;

  constructor(limits: Limits, archiveOffset: number) {
    this.#limits = limits;
    this.#archiveOffset = archiveOffset;
  }

  add(offset: number | undefined, length: number | undefined): void {
    if (offset === undefined || length === undefined || offset < this.#end || length < 0) {
      throw invalid("the map of a sparse file makes no sense", this.#archiveOffset);
    }
    this.#end = offset + length;
    if (!Number.isSafeInteger(this.#end)) {
      throw invalid("the map of a sparse file makes no sense", this.#archiveOffset);
    }
    this.#stored += length;
    if (length === 0) return; // GNU tar marks the end of the file so
    this.#segments.push({ offset, length });
    const { maxSparseSegments } = this.#limits;
    if (this.#segments.length > maxSparseSegments) {
      throw exceeded(
        "maxSparseSegments",
        maxSparseSegments,
        "a sparse file in too many pieces",
        this.#archiveOffset,
      );
    }
  }

  /** The map of a file of `size` bytes of which `storedSize` are in the archive. */
  finish(size: number | undefined, storedSize: number): readonly SparseSegment[] {
    if (size === undefined || this.#end > size || this.#stored !== storedSize) {
      throw invalid("the map of a sparse file does not fit its size", this.#archiveOffset);
    }
    return this.#segments;
  }
}

const OLD_HEADER_PAIRS = 4;
const OLD_EXTENSION_PAIRS = 21;

/** Reads the pairs of an old GNU sparse header (type `S`); true if an extension block follows. */
export function addOldHeaderPairs(map: SparseMapBuilder, block: Buffer, offset: number): boolean {
  addOldPairs(map, block, 386, OLD_HEADER_PAIRS, offset);
  return block[482] !== 0;
}

/** Reads the pairs of an extension block; true if another follows. */
export function addOldExtensionPairs(map: SparseMapBuilder, block: Buffer, offset: number): boolean {
  addOldPairs(map, block, 0, OLD_EXTENSION_PAIRS, offset);
  return block[504] !== 0;
}

/** The whole size that an old GNU sparse header gives. */
export function oldRealSize(block: Buffer, offset: number): number {
  return parseNumber(block, { offset: 483, length: 12 }, offset);
}

function addOldPairs(
  map: SparseMapBuilder,
  block: Buffer,
  start: number,
  count: number,
  offset: number,
): void {
  for (let at = start; at < start + count * 24; at += 24) {
    if (block[at] === 0 || block[at + 12] === 0) return;
    const length = parseNumber(block, { offset: at + 12, length: 12 }, offset);
    map.add(parseNumber(block, { offset: at, length: 12 }, offset), length);
  }
}

/**
 * Reads the map at the start of a content in PAX format 1.0: the number of pairs, then offsets and
 * lengths, one decimal a line, padded to whole blocks. Gives the bytes it takes up; undefined where
 * `content` has not all of it.
 */
export function addContentMap(map: SparseMapBuilder, content: Buffer, offset: number): number | undefined {
  let cursor = 0;
  const next = (): number | undefined => {
    const end = content.indexOf(0x0a, cursor);
    if ((end < 0 && content.length - cursor > 20) || end - cursor > 20) {
      throw invalid("the map of a sparse file makes no sense", offset);
    }
    if (end < 0) return undefined;
    let value = 0;
    for (; cursor < end; cursor++) {
      const digit = (content[cursor] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) throw invalid("the map of a sparse file makes no sense", offset);
      value = value * 10 + digit;
    }
    cursor = end + 1;
    return value;
  };
  const count = next();
  if (count === undefined) return undefined;
  for (let i = 0; i < count; i++) {
    const segmentOffset = next();
    const length = segmentOffset === undefined ? undefined : next();
    if (length === undefined) return undefined;
    map.add(segmentOffset, length);
  }
  const taken = Math.ceil(cursor / BLOCK_SIZE) * BLOCK_SIZE;
  return taken <= content.length ? taken : undefined;
}
