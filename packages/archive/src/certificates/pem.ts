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
