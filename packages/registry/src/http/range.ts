/** A part of a blob: bytes. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads a `Range` header for a blob of `size` bytes (RFC 9110, 14.2). `undefined`: answer with the
 * whole, as for units nobody knows and for several ranges at once. "unsatisfiable": answer 416, also
 * for a range that ends before it begins, which the conformance program wants although the RFC
 * would rather ignore it.
 */
export function parseRange(header: string | undefined, size: number): Part | "unsatisfiable" | undefined {
  const match = header === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  const [, first, last] = match ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return offset >= size || end < offset ? "unsatisfiable" : { offset, length: end - offset + 1 };
}

/**
 * Reads the `Content-Range` of a chunk (distribution-spec, "Pushing a blob in chunks"), which is not
 * RFC 9110's; that form is understood too, because clients send it. `undefined` if it is neither.
 */
export function parseContentRange(header: string): Part | undefined {
  const [, first, last] = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const offset = Number(first);
  const length = Number(last) - offset + 1;
  return Number.isSafeInteger(offset + length) && length > 0 ? { offset, length } : undefined;
}
