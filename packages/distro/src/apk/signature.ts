import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { fromBytes, readTar } from "@cooper/archive";
import { DistroError } from "../errors.ts";

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
      advice: "Give the repository's public key, under that file name.",
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

/** The first gzip member's content, and where the next one starts. RFC 1952. */
function firstMember(file: Buffer): { readonly content: Buffer; readonly end: number } {
  const start = headerLength(file);
  let inflated: { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
  try {
    // With `info` Node also tells how much was read, which its types do not say.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    inflated = inflateRawSync(file.subarray(start), {
      info: true,
      maxOutputLength: SIGNATURE_LIMIT,
    }) as unknown as typeof inflated;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") return { content: Buffer.alloc(0), end: file.length };
    if (code === "Z_BUF_ERROR") throw cutShort();
    throw new DistroError("INDEX_INVALID", "the index is no gzip, or its first part is damaged", { cause });
  }
  const end = start + inflated.engine.bytesWritten + 8;
  if (end > file.length) throw cutShort();
  return { content: inflated.buffer, end };
}

function headerLength(file: Buffer): number {
  if (file.length < 18) throw cutShort();
  if (file.readUInt16BE(0) !== 0x1f8b || file[2] !== 8) {
    throw new DistroError("INDEX_INVALID", "the index is no gzip");
  }
  const flags = file.readUInt8(3);
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + file.readUInt16LE(at);
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    at = file.indexOf(0, at) + 1;
    if (at === 0) throw cutShort();
  }
  if ((flags & 2) !== 0) at += 2;
  if (at >= file.length) throw cutShort();
  return at;
}

function cutShort(): DistroError {
  return new DistroError("INDEX_TRUNCATED", "the index is cut short in its signature", {
    kind: "passing",
    advice: "Fetch it again.",
  });
}
