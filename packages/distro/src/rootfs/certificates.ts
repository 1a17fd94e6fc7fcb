import { createHash } from "node:crypto";
import type { Certificate } from "@cooper/archive";
import { packCanonicalName } from "./subject-name.ts";

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
