const ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";
const DIGIT = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));

/** How many letters so many bytes take: 52 for a SHA-256, 32 for the 20 bytes of a store path. */
function nix32Length(bytes: number): number {
  return Math.ceil((bytes * 8) / 5);
}

/** Bytes in Nix's base 32: five bits a letter, the last letter first. */
export function encodeNix32(bytes: Uint8Array): string {
  let text = "";
  for (let letter = nix32Length(bytes.length) - 1; letter >= 0; letter--) {
    const bit = letter * 5;
    const at = bit >> 3;
    const pair = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    text += ALPHABET.charAt((pair >> (bit & 7)) & 31);
  }
  return text;
}

/** The bytes behind Nix's base 32; undefined where it is none, or has bits that no byte would hold. */
export function decodeNix32(text: string): Buffer | undefined {
  const bytes = Buffer.alloc(Math.floor((text.length * 5) / 8));
  if (nix32Length(bytes.length) !== text.length) return undefined;
  for (let letter = 0; letter < text.length; letter++) {
    const value = DIGIT.get(text.charAt(text.length - 1 - letter));
    if (value === undefined) return undefined;
    const bit = letter * 5;
    const at = bit >> 3;
    const pair = value << (bit & 7);
    bytes[at] = (bytes[at] ?? 0) | (pair & 255);
    if (pair > 255) {
      if (at + 1 >= bytes.length) return undefined;
      bytes[at + 1] = (bytes[at + 1] ?? 0) | (pair >> 8);
    }
  }
  return bytes;
}
