import { parseSize } from "@cooper/sys";

/** `NAME=VALUE`. */
export function parsePair(input: string): readonly [name: string, value: string] {
  const equals = input.indexOf("=");
  if (equals < 1) throw new Error("write it as NAME=VALUE");
  return [input.slice(0, equals), input.slice(equals + 1)];
}

/** RFC 3339, or seconds since 1970. */
export function parseTime(input: string): Date {
  const isSeconds = /^\d{1,11}$/.test(input);
  // A time without a zone would mean another one on each host.
  const isRfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(input);
  const time = new Date(isSeconds ? Number(input) * 1000 : input);
  if ((!isSeconds && !isRfc3339) || Number.isNaN(time.getTime())) {
    throw new Error("write it as 2026-01-31T12:00:00Z, or as seconds since 1970");
  }
  return time;
}

/** Bytes, as `500m` or `2g`. */
export function parseAmount(input: string): number {
  const bytes = parseSize(input);
  if (bytes === undefined) throw new Error("write it as a number of bytes, or with k, m, g or t: 500m, 2g");
  return bytes;
}
