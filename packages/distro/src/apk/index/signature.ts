import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { fromBytes, readTar } from "@cooper/archive";
import { DistroError } from "../../errors.ts";
import { firstGzipMember, type GzipMember } from "../gzip-member.ts";

/** Public keys in PEM by file name, as they lie in `/etc/apk/keys`. */
export type TrustedKeys = ReadonlyMap<string, string | Uint8Array>;

/** `.SIGN.<this>.<key's file name>` and the digest it signs; DSA is too old to be trusted. */
const DIGESTS: Readonly<Record<string, string>> = { RSA: "sha1", RSA256: "sha256", RSA512: "sha512" };
/** A signature member holds a few files of at most a kilobyte. */
const SIGNATURE_LIMIT = 256 * 2 ** 10;

interface Signature {
  readonly digest: string;
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** What a signature vouches for. */
export interface Signed {
  /** The file name of the key. */
  readonly by: string;
  /** The bytes behind the signature. What stands beside the signature is nobody's word. */
  readonly bytes: Buffer;
}

/**
 * Checks what stands in the first gzip member against the raw bytes behind it; one key that is
 * trusted suffices.
 */
export async function checkSignature(
  file: Buffer,
  keys: TrustedKeys,
  isCutShort: (signed: Buffer) => Promise<boolean>,
): Promise<Signed> {
  const { content, end } = firstMember(file);
  const signatures = await signaturesIn(content);
  if (signatures.length === 0) {
    throw new DistroError("INDEX_UNSIGNED", "the index carries no signature", {
      advice: "Take it from a repository that signs its index.",
    });
  }
  const known = signatures.filter(({ key }) => keys.has(key));
  if (known.length === 0) {
    const names = signatures.map(({ key }) => key).join(", ");
    throw new DistroError("KEY_UNKNOWN", `the index is signed by ${names}, which is not trusted`, {
      advice: "If you trust it, give the repository's public key, under that file name, with --keyring.",
      fields: { keys: names },
    });
  }
  const signed = file.subarray(end);
  for (const { digest, key, bytes } of known) {
    if (verify(digest, signed, publicKey(key, keys), bytes)) return { by: key, bytes: signed };
  }
  const names = known.map(({ key }) => key).join(", ");
  if (await isCutShort(signed)) {
    throw new DistroError(
      "INDEX_TRUNCATED",
      `the index is cut short: the signature by ${names} does not fit`,
      {
        kind: "passing",
        advice: "Fetch it again.",
      },
    );
  }
  throw new DistroError("SIGNATURE_INVALID", `the signature by ${names} does not fit the index`, {
    advice:
      "The index was changed on its way, or another key has that name: compare the key with the repository's.",
    fields: { keys: names },
  });
}

function publicKey(name: string, keys: TrustedKeys): KeyObject {
  try {
    return createPublicKey(Buffer.from(keys.get(name) ?? ""));
  } catch (cause) {
    throw new DistroError("KEY_INVALID", `${name} is no public key in PEM`, { cause, fields: { key: name } });
  }
}

async function signaturesIn(content: Buffer): Promise<readonly Signature[]> {
  const found: Signature[] = [];
  try {
    for await (const member of readTar(fromBytes(content))) {
      const match = /^\.SIGN\.(\w+)\.(.+)$/u.exec(member.path);
      const digest = DIGESTS[match?.[1] ?? ""];
      if (digest === undefined || member.bytes === undefined) continue;
      found.push({ digest, key: match?.[2] ?? "", bytes: Uint8Array.from(member.bytes) });
    }
  } catch (cause) {
    // The first member of an unsigned index is the index itself, cut off at the limit.
    if (found.length === 0) return [];
    throw new DistroError("INDEX_INVALID", "the signature is damaged", { cause });
  }
  return found;
}

/** The signature, and where what it signs starts. An index without one starts with its own content. */
function firstMember(file: Buffer): GzipMember {
  const member = firstGzipMember(file, SIGNATURE_LIMIT);
  if (member === "too-large") return { content: Buffer.alloc(0), end: file.length };
  if (member === "cut-short") throw cutShort();
  if (member === "damaged") {
    throw new DistroError("INDEX_INVALID", "the index is no gzip, or its first part is damaged");
  }
  return member;
}

function cutShort(): DistroError {
  return new DistroError("INDEX_TRUNCATED", "the index is cut short in its signature", {
    kind: "passing",
    advice: "Fetch it again.",
  });
}
