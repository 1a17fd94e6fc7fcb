import { OciError } from "./errors.ts";

/** How deep values may lie in each other: a config needs five. */
const MAX_DEPTH = 64;

/**
 * JSON as OCI wants it (RFC 7493, I-JSON): UTF-8, no key twice, bounded depth. A key that stands
 * twice is refused and not merged, since two readers would see two different manifests under one
 * digest. `what` is for the message. `INVALID_JSON`
 */
export function parseJson(raw: Uint8Array, what: string): unknown {
  let text: string;
  try {
    text = UTF8.decode(raw);
  } catch (cause) {
    throw new OciError("INVALID_JSON", `${what} is not UTF-8`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    throw new OciError("INVALID_JSON", `${what} is not JSON${reason}`, { cause });
  }
  checkKeys(text, what);
  return value;
}

/** The bytes of a value: no spaces, keys in the order in which they stand, no trailing newline. */
export function serializeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

// A byte order mark is kept, so that JSON.parse refuses it: RFC 8259, 8.1.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Walks text that JSON.parse took, so only strings and brackets matter. By hand and not by a regular
 * expression: those run out of stack on a string of megabytes, such as a descriptor's `data`.
 */
function checkKeys(text: string, what: string): void {
  // One set per open object, undefined per open array.
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        open.push(text.charCodeAt(at) === OPEN_BRACE ? new Set() : undefined);
        if (open.length > MAX_DEPTH) {
          throw new OciError("INVALID_JSON", `${what} lies more than ${MAX_DEPTH} levels deep`);
        }
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        open.pop();
        break;
      case QUOTE: {
        const start = at;
        at = endOfString(text, start);
        const keys = open.at(-1);
        if (keys !== undefined && isKey(text, at + 1)) addKey(keys, text.slice(start, at + 1), what, start);
        break;
      }
      default:
    }
  }
}

function addKey(keys: Set<string>, literal: string, what: string, offset: number): void {
  // Decoded, as "a" and "\u0061" are one key.
  const key = literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1);
  if (keys.has(key)) {
    throw new OciError("INVALID_JSON", `${what} has the key ${JSON.stringify(key)} twice`, {
      fields: { key, offset },
      advice: "Whoever made it must write each key once: readers would not agree on its meaning.",
    });
  }
  keys.add(key);
}

/** Where the closing quote of the string that opens at `start` is. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote;
}

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

function isKey(text: string, after: number): boolean {
  let at = after;
  while (WHITESPACE.has(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === COLON;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const WHITESPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
