import { type Digest, digestOf } from "@cooper/oci";
import { decodeNix32, encodeNix32 } from "./nix32.ts";

/** Bytes of a SHA-256. */
const SIZE = 32;

/**
 * A SHA-256 as Nix writes it, `sha256:` (or, as SRI has it, `sha256-`) and the hash in base 32, base
 * 16 or base 64, as a digest; undefined where it is none of these. Other algorithms are older than
 * what binary caches hold.
 */
export function parseNixHash(text: string): Digest | undefined {
  const [, separator = "", encoded = ""] = /^sha256([:-])(.+)$/u.exec(text) ?? [];
  const bytes = separator === "" ? undefined : bytesOf(encoded);
  return bytes?.length === SIZE ? digestOf("sha256", bytes.toString("hex")) : undefined;
}

/** A SHA-256's hexadecimal digits as Nix signs and names them: `sha256:` and base 32. */
export function formatNixHash(hex: string): string {
  return `sha256:${encodeNix32(Buffer.from(hex, "hex"))}`;
}

/** The three spellings have three lengths. */
function bytesOf(encoded: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/iu.test(encoded)) return Buffer.from(encoded, "hex");
  if (/^[A-Za-z0-9+/]{43}=$/u.test(encoded)) return Buffer.from(encoded, "base64");
  return encoded.length === 52 ? decodeNix32(encoded) : undefined;
}
