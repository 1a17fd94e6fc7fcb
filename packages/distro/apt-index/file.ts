import { Run } from "./memory";
import { nameBytes, nameStarts, names, slots } from "./names";
import { packageNames, provides, text, textStarts } from "./paragraphs";

/*
 * The end of the file: src/apt/index/index-layout.ts says what it holds, in which order.
 */

/** Puts all else behind the text, which is the file from then on. */
export function putFile(magic: u32, version: u32): void {
  const textBytes = text.length;
  align();
  putRun(nameBytes);
  align();
  putRun(nameStarts);
  putRun(slots);
  putRun(packageNames);
  putRun(textStarts);
  putGroups(packages(), packageNames.start, 0);
  putGroups(provides.length >> 3, provides.start, 1);
  text.push(magic);
  text.push(version);
  text.push(names());
  text.push(slots.length >> 2);
  text.push(packages());
  text.push(provides.length >> 3);
  text.push(nameBytes.length);
  text.push(textBytes);
}

function packages(): u32 {
  return packageNames.length >> 2;
}

/**
 * Packages by name, each name's in the order in which they came: where each name's part of the list starts,
 * and the list. A pair is a name and a package; with a `stride` of 0 the names are those of the packages in
 * their order.
 */
function putGroups(pairs: u32, from: u32, stride: u32): void {
  const most = names();
  text.reserve((most + 1 + pairs) << 2);
  const starts = text.start + text.length;
  const list = starts + ((most + 1) << 2);
  memory.fill(starts, 0, (most + 1) << 2);
  // First each place has how many there are of the name before the last; then where the last one starts; and when
  // the list is made, where it ends, which is where the next starts.
  for (let pair: u32 = 0; pair < pairs; pair++) {
    const name = load<u32>(from + (pair << (2 + stride)));
    if (name + 2 <= most) addTo(starts + ((name + 2) << 2), 1);
  }
  for (let at: u32 = 2; at <= most; at++) addTo(starts + (at << 2), load<u32>(starts + ((at - 1) << 2)));
  for (let pair: u32 = 0; pair < pairs; pair++) {
    const at = from + (pair << (2 + stride));
    const cursor = starts + ((load<u32>(at) + 1) << 2);
    store<u32>(list + (load<u32>(cursor) << 2), stride == 0 ? pair : load<u32>(at, 4));
    addTo(cursor, 1);
  }
  text.length += (most + 1 + pairs) << 2;
}

function addTo(at: u32, more: u32): void {
  store<u32>(at, load<u32>(at) + more);
}

function putRun(run: Run): void {
  text.reserve(run.length);
  memory.copy(text.start + text.length, run.start, run.length);
  text.length += run.length;
}

/** Goes on at a multiple of 4. */
function align(): void {
  text.reserve(4);
  store<u32>(text.start + text.length, 0);
  text.length = (text.length + 3) & ~3;
}
