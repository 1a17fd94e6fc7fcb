/** An element of DER: its tag, its content, and all of its bytes. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const UTF8_STRING = 0x0c;
const BMP_STRING = 0x1e;
const UNIVERSAL_STRING = 0x1c;
/** Tags of strings that are made equal: UTF-8, numeric, printable, T61, IA5, visible, universal, BMP. */
const STRINGS: ReadonlySet<number> = new Set([
  0x0c,
  0x12,
  0x13,
  0x14,
  0x16,
  0x1a,
  UNIVERSAL_STRING,
  BMP_STRING,
]);

/**
 * The canonical form of a certificate's subject (RFC 5280, 4.1.2.6, as OpenSSL's x509_name_canon makes
 * it): strings in UTF-8, in lower case, blanks at the ends gone and runs of them one. Undefined where the
 * bytes are no certificate.
 */
export function packCanonicalName(certificate: Buffer): Buffer | undefined {
  const subject = subjectOf(certificate);
  if (subject === undefined) return undefined;
  const sets: Buffer[] = [];
  for (const relative of elements(subject.content)) {
    if (relative.tag !== SET) return undefined;
    const pairs: Buffer[] = [];
    for (const pair of elements(relative.content)) {
      const [type, value] = elements(pair.content);
      if (type === undefined || value === undefined) return undefined;
      pairs.push(encode(SEQUENCE, Buffer.concat([type.whole, canonicalValue(value)])));
    }
    sets.push(encode(SET, Buffer.concat(pairs.toSorted((a, b) => Buffer.compare(a, b)))));
  }
  return Buffer.concat(sets);
}

/** tbsCertificate: [version], serial, signature, issuer, validity, subject (RFC 5280, 4.1). */
function subjectOf(certificate: Buffer): Element | undefined {
  const [whole] = elements(certificate);
  const [body] = whole?.tag === SEQUENCE ? elements(whole.content) : [];
  const fields = body?.tag === SEQUENCE ? [...elements(body.content)] : [];
  if (fields[0]?.tag === 0xa0) fields.shift();
  const subject = fields[4];
  return subject?.tag === SEQUENCE ? subject : undefined;
}

function canonicalValue(value: Element): Buffer {
  if (!STRINGS.has(value.tag)) return value.whole;
  const text = decodeString(value)
    .replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "")
    .replace(/[ \t\n\v\f\r]+/g, " ");
  // Only ASCII changes its case.
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return encode(UTF8_STRING, Buffer.from(lower, "utf8"));
}

function decodeString({ tag, content }: Element): string {
  if (tag === UTF8_STRING) return content.toString("utf8");
  if (tag === BMP_STRING && content.length % 2 === 0)
    return Buffer.from(content).swap16().toString("utf16le");
  if (tag === UNIVERSAL_STRING && content.length % 4 === 0) {
    let text = "";
    for (let at = 0; at < content.length; at += 4) {
      text += String.fromCodePoint(Math.min(content.readUInt32BE(at), 0x10ffff));
    }
    return text;
  }
  return content.toString("latin1");
}

/** The elements that stand one after another; what is cut short ends them. */
function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    let start = at + 2;
    if (length >= 0x80) {
      const size = length - 0x80;
      if (size === 0 || size > 4 || start + size > bytes.length) break;
      length = bytes.readUIntBE(start, size);
      start += size;
    }
    const end = start + length;
    if (end > bytes.length) break;
    found.push({ tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return found;
}

function encode(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = Math.ceil(length.toString(16).length / 2);
  const header = Buffer.alloc(2 + size);
  header[0] = tag;
  header[1] = 0x80 + size;
  header.writeUIntBE(length, 2, size);
  return Buffer.concat([header, content]);
}
