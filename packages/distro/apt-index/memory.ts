/*
 * The module's memory: runs of bytes that grow. What is never touched of it costs nothing, so each doubles
 * and none is given back.
 */

/** Tells the host why the index is refused: it throws, so nothing comes back. `from` to `to`: bytes to show. */
@external("host", "refuse")
export declare function refuse(reason: u32, place: f64, from: u32, to: u32): void;

// Reasons, as src/apt/index/encode-index.ts knows them.
export const NO_MEMORY: u32 = 0;
export const TOO_MANY_PACKAGES: u32 = 1;
export const CONTINUES_NOTHING: u32 = 2;
export const NO_FIELD: u32 = 3;
export const NO_NAME: u32 = 4;

/** Bytes behind each run that may be read and written: 16 are moved at a time. */
const SLACK: u32 = 32;
const PAGE_BITS: u64 = 16;
/** One less than there could be: a place behind the last byte is a number too. */
const MOST_PAGES: u64 = 0xffff;

let top: u64 = (__heap_base + 15) & ~15;

/** Bytes one behind the other, followed by room for more. */
@unmanaged
export class Run {
  start: u32;
  length: u32;
  room: u32;

  /** Makes room for more bytes. The run may move. */
  reserve(more: u32): void {
    if (<u64>this.length + more > this.room) enlarge(this, <u64>this.length + more);
  }

  /** Appends a number. */
  push(value: u32): void {
    this.reserve(4);
    store<u32>(this.start + this.length, value);
    this.length += 4;
  }

  /** Appends bytes. */
  append(from: u32, to: u32): void {
    const length = to - from;
    this.reserve(length);
    copy(this.start + this.length, from, length);
    this.length += length;
  }
}

/** Has so many bytes there that what grows finds them: each time that the memory grows, the host collects garbage. */
export function prepare(size: u32): void {
  growTo(top + size);
}

/** Copies up to 15 bytes too many: quicker than to count, for the runs of some dozens that there are. */
function copy(to: u32, from: u32, length: u32): void {
  for (let at: u32 = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at));
}

function enlarge(run: Run, needed: u64): void {
  const room = (max(needed, <u64>run.room * 2) + 15) & ~15;
  const isLast = run.room > 0 && <u64>run.start + run.room + SLACK == top;
  const start = isLast ? <u64>run.start : top;
  const end = start + room + SLACK;
  if (!growTo(end)) refuse(NO_MEMORY, 0, 0, 0);
  if (!isLast) memory.copy(<u32>start, run.start, run.length);
  run.start = <u32>start;
  run.room = <u32>room;
  top = end;
}

/** Whether the memory has so many bytes now. */
function growTo(end: u64): bool {
  const pages = (end + (1 << PAGE_BITS) - 1) >> PAGE_BITS;
  if (pages > MOST_PAGES) return false;
  const missing = <i32>pages - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}
