/** The fields of a header as they are to stand in it: bytes as a latin-1 string, or a number in octal. */
export interface RawHeader {
  readonly name?: string;
  readonly mode?: number | string;
  readonly uid?: number | string;
  readonly gid?: number | string;
  readonly size?: number | string;
  readonly mtime?: number | string;
  readonly type?: string;
  readonly link?: string;
  readonly magic?: string;
  readonly userName?: string;
  readonly groupName?: string;
  readonly major?: number | string;
  readonly minor?: number | string;
  readonly prefix?: string;
  readonly checksum?: "unsigned" | "signed" | "wrong";
}

/**
 * One header block with nothing made good, so that tests can build what no archiver writes. It
 * shares no code with the product's writer.
 */
export function rawHeader(header: RawHeader): Buffer {
  const block = Buffer.alloc(512);
  const put = (value: number | string | undefined, offset: number, length: number): void => {
    if (value === undefined) return;
    const digits = (number: number): string => `${number.toString(8).padStart(length - 1, "0")}\0`;
    block.write(typeof value === "number" ? digits(value) : value, offset, length, "latin1");
  };
  put(header.name, 0, 100);
  put(header.mode ?? 0o644, 100, 8);
  put(header.uid ?? 0, 108, 8);
  put(header.gid ?? 0, 116, 8);
  put(header.size ?? 0, 124, 12);
  put(header.mtime ?? 0, 136, 12);
  put(header.type ?? "0", 156, 1);
  put(header.link, 157, 100);
  put(header.magic ?? "ustar\u000000", 257, 8);
  put(header.userName, 265, 32);
  put(header.groupName, 297, 32);
  put(header.major, 329, 8);
  put(header.minor, 337, 8);
  put(header.prefix, 345, 167);
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += header.checksum === "signed" && byte > 127 ? byte - 256 : byte;
  if (header.checksum === "wrong") sum++;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** A header with its content, padded; the size is the content's unless the header gives another. */
export function rawMember(header: RawHeader, content: string | Uint8Array = ""): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  const padding = Buffer.alloc((512 - (bytes.byteLength % 512)) % 512);
  return Buffer.concat([rawHeader({ size: bytes.byteLength, ...header }), bytes, padding]);
}

/** An extended header of these records: type `x`, or `g` for all that follow. */
export function rawPax(records: Readonly<Record<string, string>>, type: "x" | "g" = "x"): Buffer {
  return rawMember(
    { name: "pax", type },
    Object.entries(records)
      .map(([key, value]) => rawPaxRecord(key, value))
      .join(""),
  );
}

/** One record; key and value are bytes as latin-1 strings. */
export function rawPaxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  for (let length = rest.length; ; length++) {
    if (`${length}${rest}`.length === length) return `${length}${rest}`;
  }
}

/** Two blocks of zeros. */
export const RAW_TRAILER: Buffer = Buffer.alloc(1024);

/** These members and a trailer. */
export function rawTar(...members: readonly Uint8Array[]): Buffer {
  return Buffer.concat([...members, RAW_TRAILER]);
}
