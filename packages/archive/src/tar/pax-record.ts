import { ArchiveError } from "../errors.ts";
import { decodePath } from "./path.ts";

/** The longest key in use names an extended attribute, of 255 bytes at most on Linux. */
const MAX_KEY_BYTES = 4096;

/** Called with each record of an extended header, in order; the value's memory is the header's. */
export type PaxRecordVisitor = (key: string, value: Buffer) => void;

/**
 * Walks the records `LENGTH KEY=VALUE\n` of an extended header. `TAR_INVALID` with `offset` (that
 * of the body) where they are not exactly so. POSIX.1-2017, pax, "pax Extended Header".
 */
export function visitPaxRecords(body: Buffer, offset: number, visit: PaxRecordVisitor): void {
  for (let start = 0; start < body.length;) {
    let length = 0;
    let cursor = start;
    for (; cursor < body.length && cursor - start < 16; cursor++) {
      const digit = (body[cursor] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
    }
    const end = start + length;
    const equals = body.indexOf(0x3d, cursor);
    const isRecord =
      cursor > start &&
      body[cursor] === 0x20 &&
      end <= body.length &&
      equals > cursor + 1 &&
      equals < end &&
      equals - cursor <= MAX_KEY_BYTES &&
      body[end - 1] === 0x0a;
    if (!isRecord) throw malformed(offset + start);
    const key = decodePath(body.subarray(cursor + 1, equals));
    if (key.includes("\0")) throw malformed(offset + start);
    visit(key, body.subarray(equals + 1, end - 1));
    start = end;
  }
}

/** One record, with the length that counts its own digits. All have one character per byte. */
export function paxRecord(key: string, value: string): string {
  const rest = key.length + value.length + 3; // " ", "=" and "\n"
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length++;
  return `${length} ${key}=${value}\n`;
}

function malformed(offset: number): ArchiveError {
  return new ArchiveError("TAR_INVALID", `malformed extended header record at offset ${offset}`, {
    fields: { offset },
  });
}
