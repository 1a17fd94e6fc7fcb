/** Something that a registry wants its user to know (distribution-spec, "Warnings"). */
export interface RegistryWarning {
  readonly host: string;
  /** Plain text, without control characters. */
  readonly text: string;
}

/** The texts in `Warning` headers: `299 - "text"`, at most 4096 bytes in all; anything else is ignored. */
export function parseWarnings(values: readonly string[]): readonly string[] {
  const texts: string[] = [];
  let size = 0;
  for (const value of values) {
    // Several may have been joined by commas on the way, and the text may hold commas and quoted quotes.
    for (const match of value.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)) {
      const text = plainText((match[1] ?? "").replace(/\\(.)/g, "$1"));
      size += Buffer.byteLength(text);
      if (size > 4096) return texts;
      if (text !== "") texts.push(text);
    }
  }
  return texts;
}

/** Text of a stranger made fit for a terminal: one line, no control characters, at most `limit` characters. */
export function plainText(text: string, limit: number = 4096): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
