import type { Key, verify as openpgpVerify } from "openpgp";
import { DistroError } from "../../errors.ts";
import type { Keyring } from "./keyring.ts";

/** A signed text, and the keys that vouch for it. */
export interface SignedText {
  readonly text: string;
  /** Fingerprints of trusted keys whose signature fits. */
  readonly signedBy: readonly string[];
}

type VerificationResult = Awaited<ReturnType<typeof openpgpVerify>>["signatures"][number];

interface SignatureOptions {
  readonly keyring: Keyring;
  /** Seconds since 1970: keys must not have expired by then. */
  readonly now: number;
  /** How the file is called in messages. */
  readonly label: string;
}

const BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
const END = "-----END PGP SIGNATURE-----";

/**
 * An `InRelease`: the text between its armor, checked. Nothing may stand before or behind, and
 * nothing but what was signed is given. RFC 9580, 7.
 *
 * `SIGNATURE_INVALID`, `KEY_UNKNOWN`, `INDEX_INVALID`, `INDEX_UNSIGNED`
 */
export async function checkClearsigned(bytes: Buffer, options: SignatureOptions): Promise<SignedText> {
  const { readCleartextMessage, verify } = await import("openpgp");
  const armored = clearsigned(bytes, options.label);
  const message = await readable(
    options,
    async () => await readCleartextMessage({ cleartextMessage: armored }),
  );
  const { signatures } = await readable(
    options,
    async () => await verify({ message, verificationKeys: [...options.keyring.keys], ...at(options) }),
  );
  return { text: message.getText(), signedBy: await goodKeys(signatures, options) };
}

/** The text of an `InRelease` whose signature is let pass, or that has none. `INDEX_INVALID` */
export async function uncheckedText(bytes: Buffer, label: string): Promise<string> {
  if (!bytes.includes(BEGIN)) return bytes.toString("utf8");
  const { readCleartextMessage } = await import("openpgp");
  const armored = clearsigned(bytes, label);
  try {
    return (await readCleartextMessage({ cleartextMessage: armored })).getText();
  } catch (cause) {
    throw new DistroError("INDEX_INVALID", `${label} is no signed text`, { cause });
  }
}

/** A `Release` with its `Release.gpg`, armored or binary. The same codes. */
export async function checkDetached(
  bytes: Buffer,
  signature: Buffer,
  options: SignatureOptions,
): Promise<SignedText> {
  const { createMessage, readSignature, verify } = await import("openpgp");
  const isArmored = signature.subarray(0, 64).includes("-----BEGIN PGP SIGNATURE-----");
  const parsed = await readable(options, async () =>
    isArmored
      ? await readSignature({ armoredSignature: signature.toString("latin1") })
      : await readSignature({ binarySignature: signature }),
  );
  const message = await createMessage({ binary: Uint8Array.from(bytes) });
  const { signatures } = await readable(
    options,
    async () =>
      await verify({
        message,
        signature: parsed,
        verificationKeys: [...options.keyring.keys],
        ...at(options),
      }),
  );
  return { text: bytes.toString("utf8"), signedBy: await goodKeys(signatures, options) };
}

function at({ now }: SignatureOptions): { readonly date: Date } {
  return { date: new Date(now * 1000) };
}

function clearsigned(bytes: Buffer, label: string): string {
  const text = bytes.toString("utf8").replaceAll("\r\n", "\n");
  if (!text.includes(BEGIN)) throw unsigned(label);
  const isAlone = text.startsWith(`${BEGIN}\n`) && text.trimEnd().endsWith(`\n${END}`);
  if (!isAlone || text.indexOf(BEGIN, 1) !== -1 || text.indexOf(END) !== text.lastIndexOf(END)) {
    throw new DistroError(
      "INDEX_INVALID",
      `${label}: something stands before, behind or between what is signed`,
    );
  }
  return text;
}

/** One good signature by a trusted key is enough; keys that are not known do not matter then. */
async function goodKeys(
  signatures: readonly VerificationResult[],
  { keyring, now, label }: SignatureOptions,
): Promise<readonly string[]> {
  if (signatures.length === 0) throw unsigned(label);
  const good: string[] = [];
  const faults: { readonly id: string; readonly cause: unknown }[] = [];
  const strangers: string[] = [];
  for (const { keyID, verified } of signatures) {
    const id = keyID.toHex();
    const key = keyring.keys.find((each) => each.getKeys(keyID).length > 0);
    try {
      // oxlint-disable-next-line no-await-in-loop -- a rejection must be seen by its own `catch`
      await verified;
      // oxlint-disable-next-line no-await-in-loop
      if (key !== undefined) good.push(await soundKey(key, keyID, now));
    } catch (cause) {
      if (key === undefined) strangers.push(id);
      else faults.push({ id, cause });
    }
  }
  if (good.length > 0) return good;
  if (faults.length === 0) {
    throw new DistroError(
      "KEY_UNKNOWN",
      `${label} is signed by ${strangers.join(", ")}, which is not trusted`,
      {
        advice: "Give the repository's keyring with --keyring, or put it where its source's Signed-By says.",
        fields: { keys: strangers.join(" ") },
      },
    );
  }
  const reasons = faults.map(
    ({ id, cause }) => `${id}: ${cause instanceof Error ? cause.message : String(cause)}`,
  );
  throw new DistroError(
    "SIGNATURE_INVALID",
    `the signature of ${label} does not hold: ${reasons.join("; ")}`,
    {
      cause: faults[0]?.cause,
      advice:
        "It was changed on its way, or its key is expired, revoked or too weak: bring the keyring up to date, or try another mirror.",
      fields: { keys: faults.map(({ id }) => id).join(" ") },
    },
  );
}

/** A signature counts only as long as its key does: not expired by now, not revoked. Its fingerprint. */
async function soundKey(key: Key, keyID: VerificationResult["keyID"], now: number): Promise<string> {
  const signing = await key.getSigningKey(keyID, new Date(now * 1000));
  return signing.getFingerprint().toUpperCase();
}

async function readable<T>({ label }: SignatureOptions, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new DistroError("SIGNATURE_INVALID", `the signature of ${label} cannot be read`, { cause });
  }
}

function unsigned(label: string): DistroError {
  return new DistroError("INDEX_UNSIGNED", `${label} carries no signature`, {
    advice: "Take it from a repository that signs its index.",
  });
}
