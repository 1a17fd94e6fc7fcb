import { createHash } from "node:crypto";
import { discard } from "./bytes.ts";
import type { ByteStream } from "./bytes.ts";
import { ArchiveError } from "./errors.ts";
import { originOf, sameBytes } from "./same-bytes.ts";
import { HASH_HEX_LENGTH, isHashAlgorithm } from "./tally.ts";
import type { HashAlgorithm } from "./tally.ts";

/** What bytes are promised to be. An OCI descriptor is one. */
export interface Promised {
  /** `algorithm:hexadecimal` (OCI image-spec, descriptor.md, "Digests"). */
  readonly digest: string;
  /** Bytes; leave out only where nobody said how many there are. */
  readonly size?: number | undefined;
}

/** What a stream that `verified` gave is checked against. */
const checked = new WeakMap<ByteStream, Promised>();

/**
 * The same bytes, checked: whoever reads this to its end has read what was promised. A fault is
 * thrown in place of the end, and as soon as there is one byte too many; that byte is not given.
 * The source is closed in each case. A stream that is checked against the same promise already is
 * given back as it is: a copy has two boundaries, and hashing is most of its work.
 *
 * `SIZE_MISMATCH`, `DIGEST_MISMATCH`, `DIGEST_UNSUPPORTED`
 */
export function verified(stream: ByteStream, promised: Promised): ByteStream {
  const before = checked.get(originOf(stream));
  if (before?.digest === promised.digest && before.size === promised.size) return stream;
  return vouchedFor(check(stream, promised), promised);
}

/**
 * Says that a stream's bytes were seen to be what is promised, a moment ago and by this process: `verified` lets
 * it pass. Gives it back.
 */
export function vouchedFor(stream: ByteStream, { digest, size }: Promised): ByteStream {
  checked.set(stream, { digest, size });
  return stream;
}

/** The same bytes; tells the length of each chunk that passes. What was `verified` or tallied still is. */
export function observed(stream: ByteStream, onBytes: (length: number) => void): ByteStream {
  return sameBytes(observe(stream, onBytes), stream);
}

async function* observe(stream: ByteStream, onBytes: (length: number) => void): ByteStream {
  for await (const chunk of stream) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}

async function* check(stream: ByteStream, { digest, size: expected }: Promised): ByteStream {
  const algorithm = await algorithmOf(digest, stream);
  const hash = createHash(algorithm);
  let size = 0;
  // The loop goes on until the source ends, so a byte after the last promised one is seen.
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (expected !== undefined && size > expected) throw sizeMismatch(digest, expected, `more than that`);
    hash.update(chunk);
    yield chunk;
  }
  if (expected !== undefined && size < expected) throw sizeMismatch(digest, expected, `only ${size}`);
  const actual = `${algorithm}:${hash.digest("hex")}`;
  if (actual !== digest) {
    throw new ArchiveError("DIGEST_MISMATCH", `expected ${digest}, but the bytes have ${actual}`, {
      fields: { expected: digest, actual, size },
      advice: "The content was damaged or replaced: fetch it again, or ask whoever keeps it.",
    });
  }
}

async function algorithmOf(digest: string, stream: ByteStream): Promise<HashAlgorithm> {
  const colon = digest.indexOf(":");
  const algorithm = digest.slice(0, Math.max(colon, 0));
  if (isHashAlgorithm(algorithm)) {
    const hex = digest.slice(colon + 1);
    if (hex.length === HASH_HEX_LENGTH[algorithm] && /^[0-9a-f]+$/.test(hex)) return algorithm;
  }
  await discard(stream);
  const known = Object.keys(HASH_HEX_LENGTH).join(" or ");
  throw new ArchiveError("DIGEST_UNSUPPORTED", `cannot check against the digest ${JSON.stringify(digest)}`, {
    fields: { digest },
    advice: `A digest that can be checked is ${known}, a colon and lower-case hexadecimal digits.`,
  });
}

function sizeMismatch(digest: string, expected: number, found: string): ArchiveError {
  return new ArchiveError(
    "SIZE_MISMATCH",
    `expected ${expected} bytes of ${digest}, but there are ${found}`,
    {
      fields: { digest, expected },
      advice: "The content was cut short or replaced: fetch it again, or ask whoever keeps it.",
    },
  );
}
