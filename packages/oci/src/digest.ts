import { hash } from "node:crypto";
import { HASH_HEX_LENGTH, isHashAlgorithm } from "@cooper/archive";
import type { HashAlgorithm } from "@cooper/archive";
import { OciError } from "./errors.ts";

declare const digestBrand: unique symbol;
declare const diffIdBrand: unique symbol;

/** `algorithm:encoded`: the hash of bytes as they are stored (image-spec, descriptor.md, Digests). */
export type Digest = string & { readonly [digestBrand]: true };
/** The digest of a layer's *uncompressed* tar (image-spec, config.md, rootfs.diff_ids). Never a blob's name. */
export type DiffId = string & { readonly [diffIdBrand]: true };

/**
 * A digest from text. An algorithm that Cooper does not know still parses, since manifests may name
 * such blobs; only checking one fails (`UNSUPPORTED_ALGORITHM`). `INVALID_DIGEST`
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw invalid(text);
}

/** A diffID from text; the grammar is a digest's. `INVALID_DIGEST` */
export function parseDiffId(text: string): DiffId {
  if (isDiffId(text)) return text;
  throw invalid(text);
}

export function isDigest(text: string): text is Digest {
  return isGrammatical(text);
}

export function isDiffId(text: string): text is DiffId {
  return isGrammatical(text);
}

/** The digest of bytes in memory. */
export function digestBytes(bytes: Uint8Array, algorithm: HashAlgorithm = "sha256"): Digest {
  return digestOf(algorithm, hash(algorithm, bytes, "hex"));
}

/** A digest from its two parts, where both come from hashing and not from outside. */
export function digestOf(algorithm: HashAlgorithm, hex: string): Digest {
  return parseDigest(`${algorithm}:${hex}`);
}

/** What is before the colon. */
export function digestAlgorithm(digest: Digest | DiffId): string {
  return digest.slice(0, digest.indexOf(":"));
}

/** What is after the colon: hexadecimal for each algorithm that Cooper computes. */
export function digestHex(digest: Digest | DiffId): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** The algorithm to check this digest with. `UNSUPPORTED_ALGORITHM` */
export function checkableAlgorithm(digest: Digest | DiffId): HashAlgorithm {
  const algorithm = digestAlgorithm(digest);
  if (isHashAlgorithm(algorithm)) return algorithm;
  throw new OciError("UNSUPPORTED_ALGORITHM", `cannot check ${digest}: its algorithm is not known`, {
    fields: { digest, algorithm },
    advice: `Cooper checks ${Object.keys(HASH_HEX_LENGTH).join(" and ")}.`,
  });
}

/**
 * The same hash as the other kind of name: for a layer that is stored uncompressed, the blob's
 * digest is the diffID. The one place where the two kinds meet.
 */
export function diffIdOfUncompressed(digest: Digest): DiffId {
  return parseDiffId(digest);
}

// image-spec, descriptor.md, "Digests"
const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

function isGrammatical(text: string): boolean {
  if (!GRAMMAR.test(text)) return false;
  const colon = text.indexOf(":");
  const algorithm = text.slice(0, colon);
  if (!isHashAlgorithm(algorithm)) return true;
  const encoded = text.slice(colon + 1);
  return encoded.length === HASH_HEX_LENGTH[algorithm] && /^[0-9a-f]+$/.test(encoded);
}

function invalid(text: string): OciError {
  return new OciError("INVALID_DIGEST", `${JSON.stringify(clip(text))} is not a digest`, {
    fields: { digest: clip(text) },
    advice: "A digest is an algorithm, a colon and the hash: sha256: and 64 lower-case hexadecimal digits.",
  });
}

function clip(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
