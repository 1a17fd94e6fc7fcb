// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/**
 * Text out of an image, made safe for a terminal: control characters (which could move the cursor
 * or rewrite what was printed), direction overrides and bytes that are not UTF-8 become `\xNN` or
 * `\u{N}`.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

function escape(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) ?? 0;
  // PathString writes a byte that is not UTF-8 as U+DC00 plus the byte.
  const byte = code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : code;
  return byte < 0x100 ? `\\x${byte.toString(16).padStart(2, "0")}` : `\\u{${byte.toString(16)}}`;
}
