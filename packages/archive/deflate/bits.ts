/*
 * Bits on their way out, the lowest first. Between flushes at most 57 may be put.
 */

let position: u32 = 0;
let waiting: u64 = 0;
let waitingCount: u64 = 0;

export function startOutput(at: u32): void {
  position = at;
  waiting = 0;
  waitingCount = 0;
}

/** Where the next whole byte goes. */
export function outputPosition(): u32 {
  return position;
}

/** What is not a whole byte yet, for code that keeps these in variables of its own. */
export function waitingBits(): u64 {
  return waiting;
}

export function waitingBitCount(): u64 {
  return waitingCount;
}

/** Goes on where such code has come to. */
export function continueOutput(at: u32, bits: u64, count: u64): void {
  position = at;
  waiting = bits;
  waitingCount = count;
}

export function put(bits: u32, count: u32): void {
  waiting |= (<u64>bits) << waitingCount;
  waitingCount += <u64>count;
}

/** A code as the tables hold it: `code | bits << 24`. */
export function putCode(code: u32): void {
  put(code & 0xffffff, code >> 24);
}

export function flush(): void {
  store<u64>(position, waiting);
  position += <u32>(waitingCount >> 3);
  waiting >>= waitingCount & ~7;
  waitingCount &= 7;
}

/** A stored block (RFC 1951, 3.2.4): its header, up to a byte, its length, and the bytes. */
export function putStored(start: u32, length: u32): void {
  put(0, 3);
  flush();
  if (waitingCount > 0) position++;
  waiting = 0;
  waitingCount = 0;
  store<u16>(position, <u16>length);
  store<u16>(position + 2, ~(<u16>length));
  memory.copy(position + 4, start, length);
  position += 4 + length;
}
