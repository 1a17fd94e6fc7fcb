import type { Field } from "./block.ts";
import { invalid } from "./fault.ts";

/**
 * The number in a field of a header: octal digits, or base 256 where its first bit is set (GNU tar;
 * two's complement, so negative too). `TAR_INVALID` where it is neither or is beyond 2^53;
 * `blockOffset` is the header's place in the archive.
 */
export function parseNumber(block: Uint8Array, field: Field, blockOffset: number): number {
  const { offset, length } = field;
  const first = block[offset] ?? 0;
  const value = first >= 0x80 ? parseBase256(block, offset, length) : parseOctal(block, offset, length);
  if (value === undefined) throw invalid("the header holds what is no number", blockOffset + offset);
  return value;
}

/** Digits between spaces or NULs; blank is 0. Undefined where there is something else. */
export function parseOctal(bytes: Uint8Array, offset: number, length: number): number | undefined {
  const end = offset + length;
  let cursor = offset;
  while (cursor < end && isBlank(bytes[cursor] ?? 0)) cursor++;
  let value = 0;
  for (; cursor < end; cursor++) {
    const byte = bytes[cursor] ?? 0;
    if (isBlank(byte)) return value;
    if (byte < 0x30 || byte > 0x37) return undefined;
    value = value * 8 + (byte - 0x30);
  }
  return value;
}

/** A decimal number, as PAX records have them. Undefined where it is none, or beyond 2^53. */
export function parseDecimal(text: string): number | undefined {
  if (!/^-?\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0;
}

function parseBase256(bytes: Uint8Array, offset: number, length: number): number | undefined {
  const first = bytes[offset] ?? 0;
  const isNegative = (first & 0x40) !== 0;
  const flip = isNegative ? 0xff : 0;
  let value = (first ^ flip) & 0x3f;
  for (let i = offset + 1; i < offset + length; i++) {
    value = value * 256 + ((bytes[i] ?? 0) ^ flip);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return isNegative ? -value - 1 : value;
}
