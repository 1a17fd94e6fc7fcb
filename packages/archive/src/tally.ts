import { createHash } from "node:crypto";
import type { ByteStream } from "./bytes.ts";
import { ArchiveError } from "./errors.ts";
import { originOf } from "./same-bytes.ts";

/** The hash functions whose digests Cooper computes (OCI image-spec, descriptor.md, "Digests"). */
export type HashAlgorithm = "sha256" | "sha512";

/** How many hexadecimal digits a digest has; also the table of the algorithms that are known. */
export const HASH_HEX_LENGTH: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha512: 128 };

export function isHashAlgorithm(name: string): name is HashAlgorithm {
  return Object.hasOwn(HASH_HEX_LENGTH, name);
}

export interface Tally {
  /** The same bytes; to be read once. */
  readonly stream: ByteStream;
  /** The digest in lower-case hexadecimal, once the stream has ended; before that `UNFINISHED`. */
  readonly hex: () => string;
  /** Bytes that have passed so far. */
  readonly size: () => number;
}

/** The tallies that streams pass through, so that nothing is hashed twice. */
const tallies: Readonly<Record<HashAlgorithm, WeakMap<ByteStream, Tally>>> = {
  sha256: new WeakMap(),
  sha512: new WeakMap(),
};

/**
 * Hashes and counts bytes while they pass. Where they pass through such a tally already, on the way to
 * this stream, that one is asked: hashing is most of the work of a copy.
 */
export function tally(stream: ByteStream, algorithm: HashAlgorithm = "sha256"): Tally {
  const before = tallies[algorithm].get(originOf(stream));
  if (before !== undefined) return { ...before, stream };
  const hash = createHash(algorithm);
  let size = 0;
  let hex: string | undefined;

  async function* pass(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of stream) {
      hash.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
    hex = hash.digest("hex");
  }

  const tallied: Tally = {
    stream: pass(),
    hex: () => {
      if (hex === undefined) {
        throw new ArchiveError("UNFINISHED", "the digest of a stream is known only after its end");
      }
      return hex;
    },
    size: () => size,
  };
  tallies[algorithm].set(tallied.stream, tallied);
  return tallied;
}
