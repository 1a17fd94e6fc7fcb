import { invalid } from "./docker-name.ts";

/**
 * How text is written where only a repository's component, or a tag, may stand. An escape is `__` and
 * a code: that is all that the grammar of components (distribution-spec, "Pulling manifests") leaves.
 * A component begins with a letter or digit, so that an escape at its beginning has a `0` before it.
 */
const CODES: ReadonlyMap<string, string> = new Map([
  ["=", "e"],
  ["+", "p"],
  ["~", "t"],
  [":", "c"],
  ["@", "a"],
]);
const CHARACTERS: ReadonlyMap<string, string> = new Map([...CODES].map(([text, code]) => [code, text]));
const LEAD = "0";
const ESCAPE = /__(?:x([0-9a-f]{2})|u([a-z])|([eptca]))?/g;

/** A component of a repository's name. */
export function encodeComponent(text: string, what: string): string {
  if (text === "") throw invalid(what, "there is nothing between two slashes");
  const literal = Array.from(text, (character, at) => isLiteral(text, character, at));
  // The zero of `0+` would be read as the one before an escape.
  if (text.startsWith(LEAD) && literal[1] === false) literal[0] = false;
  const encoded = Array.from(text, (character, at) =>
    literal[at] === true ? character : escape(character, what),
  );
  return `${literal[0] === true ? "" : LEAD}${encoded.join("")}`;
}

export function decodeComponent(component: string, what: string): string {
  const text = decode(component.startsWith(`${LEAD}__`) ? component.slice(LEAD.length) : component, what);
  // What is a component by its spelling may not turn into two.
  if (!text.includes("/")) return text;
  throw invalid(what, `${JSON.stringify(component)} has a slash in it`);
}

/** A release, as a tag: capitals, and any of `. - _` in most places, may stay. */
export function encodeRelease(text: string, what: string): string {
  const encoded = Array.from(text, (character, at) => {
    const isPlain = /[A-Za-z0-9]/.test(character) || (/[.-]/.test(character) && at > 0);
    // One underscore is one; before another, or before an escape, it would be read as part of it.
    const isLone = character === "_" && /^(?:[A-Za-z0-9.-]|$)/.test(text.slice(at + 1));
    return isPlain || isLone ? character : escape(character, what);
  });
  return encoded.join("");
}

export function decodeRelease(tag: string, what: string): string {
  return decode(tag, what);
}

/** Letters and digits; and `.`, `_` and any number of `-` between two of them. */
function isLiteral(text: string, character: string, at: number): boolean {
  if (/[a-z0-9]/.test(character)) return true;
  if (at === 0) return false;
  if (character === "-") return /^-+[a-z0-9]/.test(text.slice(at)) && !/^-+$/.test(text.slice(0, at));
  return /[._]/.test(character) && /[a-z0-9]/.test(text.charAt(at + 1));
}

function escape(character: string, what: string): string {
  const code = CODES.get(character);
  if (code !== undefined) return `__${code}`;
  if (/[A-Z]/.test(character)) return `__u${character.toLowerCase()}`;
  if (/[\x21-\x7e]/.test(character)) return `__x${character.charCodeAt(0).toString(16)}`;
  throw invalid(what, `${JSON.stringify(character)} cannot be written in a registry's name`);
}

function decode(text: string, what: string): string {
  return text.replaceAll(ESCAPE, (found, hex?: string, capital?: string, code?: string) => {
    const character =
      hex === undefined
        ? (capital?.toUpperCase() ?? CHARACTERS.get(code ?? ""))
        : String.fromCharCode(Number.parseInt(hex, 16));
    if (character !== undefined && /[\x21-\x7e]/.test(character)) return character;
    throw invalid(
      what,
      `${JSON.stringify(found)} in ${JSON.stringify(text)} is no escape`,
      "Escapes are __e for =, __p for +, __t for ~, __c for :, __a for @, __ux for X, and __xHH for another character.",
    );
  });
}
