import { Run } from "./memory";

/*
 * Names by number, in the order in which they came, found by their bytes.
 */

/** The bytes of all names. */
export const nameBytes = changetype<Run>(memory.data(12, 4));
/** u32: where each name starts in them; one more for the end. */
export const nameStarts = changetype<Run>(memory.data(12, 4));
/** u32: each name's hash. */
const hashes = changetype<Run>(memory.data(12, 4));
/** u32: a hash table in which each name's number + 1 stands at its hash or in the next free place, or 0. */
export const slots = changetype<Run>(memory.data(12, 4));

let size: u32 = 0;
/** Of the table, which is at most half full: a power of two, less one. */
let mask: u32 = 1;

export function startNames(): void {
  nameStarts.push(0);
  slots.push(0);
  slots.push(0);
}

export function names(): u32 {
  return size;
}

/** The number of the name that stands between two places; a new one where it was not there before. */
export function intern(from: u32, to: u32): u32 {
  const hash = hashOf(from, to);
  let at = hash & mask;
  for (;;) {
    const slot = load<u32>(slots.start + (at << 2));
    if (slot == 0) break;
    if (load<u32>(hashes.start + ((slot - 1) << 2)) == hash && isNamed(slot - 1, from, to)) return slot - 1;
    at = (at + 1) & mask;
  }
  store<u32>(slots.start + (at << 2), size + 1);
  nameBytes.append(from, to);
  nameStarts.push(nameBytes.length);
  hashes.push(hash);
  size++;
  if (<u64>size * 2 + 2 > <u64>mask + 1) enlargeSlots();
  return size - 1;
}

/** The number of the name that stands between two places, with `:any` behind it. */
export function internForAny(from: u32, to: u32): u32 {
  // It is made where it stays if it is new.
  const length = to - from + 4;
  nameBytes.reserve(length);
  const name = nameBytes.start + nameBytes.length;
  memory.copy(name, from, length - 4);
  store<u32>(name + length - 4, 0x796e613a);
  return intern(name, name + length);
}

function isNamed(number: u32, from: u32, to: u32): bool {
  const start = load<u32>(nameStarts.start + (number << 2));
  const length = to - from;
  if (load<u32>(nameStarts.start + (number << 2), 4) - start != length) return false;
  const name = nameBytes.start + start;
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(name + at) != load<u64>(from + at)) return false;
  // Behind both there is memory: what is there is shifted away.
  const rest = length - at;
  return rest == 0 || (load<u64>(name + at) ^ load<u64>(from + at)) << ((8 - rest) << 3) == 0;
}

/** The sum of each 4 bytes times a number of their own, mixed; src/apt/index/index-layout.ts has the same. */
function hashOf(from: u32, to: u32): u32 {
  let hash: u32 = 0;
  let factor: u32 = 0x9e3779b1;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    hash += load<u32>(at) * factor;
    factor *= 0x85ebca6b;
  }
  // What stands behind the name is shifted away.
  if (at < to) hash += (load<u32>(at) & ((1 << ((to - at) << 3)) - 1)) * factor;
  hash = (hash ^ (hash >> 15)) * 0xc2b2ae35;
  return hash ^ (hash >> 13);
}

function enlargeSlots(): void {
  slots.reserve(slots.length);
  slots.length *= 2;
  mask = (slots.length >> 2) - 1;
  memory.fill(slots.start, 0, slots.length);
  for (let number: u32 = 0; number < size; number++) {
    let at = load<u32>(hashes.start + (number << 2)) & mask;
    while (load<u32>(slots.start + (at << 2)) != 0) at = (at + 1) & mask;
    store<u32>(slots.start + (at << 2), number + 1);
  }
}
