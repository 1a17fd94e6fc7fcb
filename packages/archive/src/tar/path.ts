import { isUtf8 } from "node:buffer";

import { asBuffer } from "../bytes.ts";
import { ArchiveError } from "../errors.ts";
import type { PathString } from "./entry.ts";

const ESCAPE = 0xdc00;

/** The bytes of a name as a string, without loss: bytes that are not UTF-8 become U+DC80–U+DCFF. */
export function decodePath(bytes: Uint8Array): PathString {
  const buffer = asBuffer(bytes);
  return isUtf8(buffer) ? buffer.toString("utf8") : escapeBytes(buffer);
}

/**
 * The bytes of a name, undoing `decodePath`. `TAR_ENTRY_INVALID` where the string holds half of a
 * surrogate pair that stands for no byte.
 */
export function encodePath(path: PathString): Buffer {
  return path.isWellFormed() ? Buffer.from(path, "utf8") : unescapeBytes(path);
}

/**
 * Sorts by the bytes of each component in turn, as GNU tar's `--sort=name` walks a tree: a
 * directory comes before what is in it, and that before `directory-2`. Below 0 if `a` comes first.
 */
export function comparePaths(a: PathString, b: PathString): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // Below the surrogates, UTF-16 units sort as UTF-8 bytes do.
    if (left < 0xd800 && right < 0xd800) return rank(left) - rank(right);
    return compareBytes(encodePath(a), encodePath(b));
  }
  return a.length - b.length;
}

/** Without the slashes at its end, but never empty if it was not: `/` stays. */
export function stripTrailingSlashes(path: PathString): PathString {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 0x2f) end--;
  return end === path.length ? path : path.slice(0, end);
}

function rank(unit: number): number {
  return unit === 0x2f ? -1 : unit;
}

function compareBytes(a: Buffer, b: Buffer): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function escapeBytes(bytes: Buffer): PathString {
  let path = "";
  for (let i = 0; i < bytes.length;) {
    const length = sequenceLength(bytes[i] ?? 0);
    const sequence = bytes.subarray(i, i + length);
    if (sequence.length === length && isUtf8(sequence)) {
      path += sequence.toString("utf8");
      i += length;
    } else {
      path += String.fromCharCode(ESCAPE + (bytes[i] ?? 0));
      i++;
    }
  }
  return path;
}

/** How many bytes a UTF-8 sequence has that begins so; 1 also where none begins so. */
function sequenceLength(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

function unescapeBytes(path: PathString): Buffer {
  const pieces: Buffer[] = [];
  // Iterating gives pairs whole, so a surrogate met alone is one that stands for a byte.
  for (const character of path) {
    const unit = character.charCodeAt(0);
    if (character.length === 2 || unit < 0xd800 || unit > 0xdfff) {
      pieces.push(Buffer.from(character, "utf8"));
    } else if (unit >= ESCAPE + 0x80 && unit <= ESCAPE + 0xff) {
      pieces.push(Buffer.of(unit - ESCAPE));
    } else {
      throw new ArchiveError(
        "TAR_ENTRY_INVALID",
        `the name ${JSON.stringify(path)} has no bytes: it holds half of a surrogate pair`,
        {
          advice: "Make names with decodePath, or from well-formed strings.",
        },
      );
    }
  }
  return Buffer.concat(pieces);
}
