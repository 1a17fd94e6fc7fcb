import { createHash } from "node:crypto";
import type { Certificate } from "./pem.ts";

export interface TrustedEntry {
  readonly alias: string;
  readonly certificate: Certificate;
}

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;
/** The password that every Java knows its own store by, and what is hashed after it. */
const PASSWORD = "changeit";
const WHITENER = "Mighty Aphrodite";

/**
 * A Java keystore (JKS, version 2) of trusted certificates, as Debian's ca-certificates-java keeps them
 * for Java in /etc/ssl/certs/java/cacerts. `time` is in seconds since 1970.
 */
export function encodeJavaKeystore(entries: readonly TrustedEntry[], time: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(VERSION, 4);
  header.writeUInt32BE(entries.length, 8);
  const pieces: Buffer[] = [header];
  for (const { alias, certificate } of entries) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(TRUSTED_CERTIFICATE);
    const when = Buffer.alloc(8);
    when.writeBigUInt64BE(BigInt(time) * 1000n);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(certificate.der.length);
    pieces.push(head, javaString(alias), when, javaString("X.509"), length, certificate.der);
  }
  const content = Buffer.concat(pieces);
  const password = Buffer.from(PASSWORD, "utf16le").swap16();
  const digest = createHash("sha1").update(password).update(WHITENER).update(content).digest();
  return Buffer.concat([content, digest]);
}

/** Two bytes of length, then UTF-8, which differs from Java's own form in what no file's name has. */
function javaString(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
