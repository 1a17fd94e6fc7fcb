/*
 * Makes the file of src/apt/index/index-layout.ts of a `Packages` file that comes piece by piece, compiled to
 * WebAssembly: `scripts/wasm.ts` makes src/apt/index/module.ts of it. The language is AssemblyScript.
 *
 * 50 megabytes of text are a million lines. Each is looked at 16 bytes at a time, what is kept is copied
 * once, to where it stays in the file, and of names nothing but numbers is made.
 */
import { putFile } from "./file";
import { prepare, Run } from "./memory";
import { startNames } from "./names";
import { endParagraphs, readParagraphs, startParagraphs, text } from "./paragraphs";
import { NEWLINE, RETURN } from "./text";

/** What has come of a paragraph that has not ended. */
const input = changetype<Run>(memory.data(12, 4));
/** Bytes before it. */
let base: f64 = 0;

/** To be called first. `size`: about how many bytes will come. */
export function start(size: u32): void {
  // Less is kept than comes; what is found in it takes a third of that.
  prepare(size + (size >> 1));
  text.reserve(size);
  startNames();
  startParagraphs();
}

/** Where the next bytes are to be put. The memory may grow. */
export function room(length: u32): u32 {
  input.reserve(length);
  return input.start + input.length;
}

/** Reads the bytes that were put there. */
export function take(length: u32): void {
  const start = input.start;
  const fresh = start + input.length;
  const end = fresh + length;
  const read = endOfParagraphs(max(start + 2, fresh) - 2, end);
  if (read != 0) readParagraphs(start, read, base - <f64>start);
  const rest = read != 0 ? read : start;
  base += <f64>(rest - start);
  memory.copy(start, rest, end - rest);
  input.length = end - rest;
}

/** Ends the file, which begins with `magic` and `version` in its header. Gives where it is. */
export function finish(magic: u32, version: u32): u32 {
  const start = input.start;
  const end = start + input.length;
  readParagraphs(start, end, base - <f64>start);
  endParagraphs(end, base - <f64>start);
  putFile(magic, version);
  return text.start;
}

/** Bytes of the file. */
export function fileSize(): u32 {
  return text.length;
}

/** Behind the last empty line; 0 where there is none. */
function endOfParagraphs(from: u32, to: u32): u32 {
  for (let at = to; at >= from + 2; at--) {
    if (load<u8>(at - 1) != NEWLINE) continue;
    const before: u32 = load<u8>(at - 2);
    if (before == NEWLINE) return at;
    if (before == RETURN && at >= from + 3 && load<u8>(at - 3) == NEWLINE) return at;
  }
  return 0;
}
