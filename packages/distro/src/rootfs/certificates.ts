import { createHash } from "node:crypto";
import { packCanonicalName } from "./subject-name.ts";

/** One certificate of a PEM file. */
export interface Certificate {
  readonly der: Buffer;
}

/** The certificates in a PEM file, in order; text around them is passed over. */
export function parsePem(text: string): readonly Certificate[] {
  const blocks = text.matchAll(
    /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g,
  );
  return [...blocks].map(([, base64 = ""]) => ({ der: Buffer.from(base64, "base64") }));
}

/**
 * The name under which OpenSSL looks for a certificate in a directory, without its number: eight
 * hexadecimal digits of the SHA-1 of its subject's canonical form (openssl-rehash(1), X509_NAME_hash).
 * Undefined where the bytes are no certificate.
 */
export function subjectHash({ der }: Certificate): string | undefined {
  const name = packCanonicalName(der);
  if (name === undefined) return undefined;
  const digest = createHash("sha1").update(name).digest();
  return digest.readUInt32LE(0).toString(16).padStart(8, "0");
}

/** What tells two certificates apart. */
export function fingerprint({ der }: Certificate): string {
  return createHash("sha256").update(der).digest("hex");
}
