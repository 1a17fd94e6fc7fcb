/*
 * Places in lines and in lists of names.
 */

export const TAB: u32 = 0x09;
export const NEWLINE: u32 = 0x0a;
export const RETURN: u32 = 0x0d;
export const SPACE: u32 = 0x20;
export const HASH: u32 = 0x23;
export const OPENS: u32 = 0x28;
export const CLOSES: u32 = 0x29;
export const COMMA: u32 = 0x2c;
export const COLON: u32 = 0x3a;
export const BAR: u32 = 0x7c;

/** One bit for each of 16 bytes that is this one. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function bitsOf(bytes: v128, code: u32): i32 {
  return v128.bitmask<u8>(equal(bytes, code));
}

/** Where the next newline is, or the end. */
export function endOfLine(from: u32, to: u32): u32 {
  for (let at = from; at < to; at += 16) {
    const newlines = bitsOf(v128.load(at), NEWLINE);
    if (newlines != 0) return min(to, at + <u32>ctz(newlines));
  }
  return to;
}

/** Where a name ends in a list: at a space, a comma, a bar or a parenthesis. */
export function endOfName(from: u32, to: u32): u32 {
  for (let at = from; at < to; at += 16) {
    const bytes = v128.load(at);
    const parts = v128.or(equal(bytes, COMMA), equal(bytes, BAR));
    const spaces = v128.or(equal(bytes, OPENS), v128.le<u8>(bytes, v128.splat<u8>(<u8>SPACE)));
    const ends = v128.bitmask<u8>(v128.or(parts, spaces));
    if (ends != 0) return min(to, at + <u32>ctz(ends));
  }
  return to;
}

/** Whether a byte is between two places. */
export function includes(from: u32, to: u32, code: u32): bool {
  for (let at = from; at < to; at++) if (load<u8>(at) == code) return true;
  return false;
}

/** Where the first byte is that is no space. */
export function trimmedStart(from: u32, to: u32): u32 {
  let at = from;
  while (at < to && load<u8>(at) <= SPACE) at++;
  return at;
}

/** Behind the last byte that is no space. */
export function trimmedEnd(from: u32, to: u32): u32 {
  let at = to;
  while (at > from && load<u8>(at - 1) <= SPACE) at--;
  return at;
}

/** Letters and digits, and but for the first `.`, `+`, `_` and `-`. */
export function isPackageName(from: u32, to: u32): bool {
  for (let at = from; at < to; at++) {
    const code: u32 = load<u8>(at);
    const isAlphanumeric = (code | 0x20) - 0x61 < 26 || code - 0x30 < 10;
    const isSign = code == 0x2e || code == 0x2b || code == 0x5f || code == 0x2d;
    if (!isAlphanumeric && (!isSign || at == from)) return false;
  }
  return to > from;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function equal(bytes: v128, code: u32): v128 {
  return v128.eq<u8>(bytes, v128.splat<u8>(<u8>code));
}
