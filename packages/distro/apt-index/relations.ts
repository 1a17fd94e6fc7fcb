import { BAR, CLOSES, COMMA, endOfName, HASH, NEWLINE, OPENS, SPACE } from "./text";

/*
 * Lists of names, with commas and `|` between them: versions in parentheses, and what follows until the
 * next comma or bar, are passed over.
 */

/** Where the name at hand starts. */
export let nameStart: u32 = 0;

/** Finds the next name; gives where it ends and the search goes on, or 0 where there is none. */
export function nextName(from: u32, to: u32): u32 {
  let isPassed = false;
  for (let at = from; at < to; at++) {
    const code: u32 = load<u8>(at);
    if (code == COMMA || code == BAR) {
      isPassed = false;
    } else if (code == OPENS) {
      isPassed = true;
      while (at < to - 1 && load<u8>(at) != CLOSES) at++;
    } else if (code <= SPACE) {
      // A comment between the lines.
      const isComment = code == NEWLINE && load<u8>(at + 1) == HASH;
      if (isComment) while (at < to - 1 && load<u8>(at + 1) != NEWLINE) at++;
    } else if (!isPassed) {
      nameStart = at;
      return endOfName(at, to);
    }
  }
  return 0;
}
