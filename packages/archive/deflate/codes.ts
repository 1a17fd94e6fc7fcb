import { count, PER_LENGTH, SORTED, WEIGHTS } from "./memory";

/*
 * Prefix codes (RFC 1951, 3.2.2): from frequencies to lengths, from lengths to codes.
 */

const SYMBOL_BITS: u32 = 9;

/** Gives each symbol that occurs a length of at most `limit` bits, so that all together take the fewest. */
export function assignLengths(counts: u32, symbols: u32, lengths: u32, limit: u32): void {
  const used = collect(counts, symbols);
  sort(used);
  treeDepths(used);
  lengthsPerDepth(used, limit);
  memory.fill(lengths, 0, symbols);
  let position = SORTED;
  for (let length = limit; length > 0; length--) {
    for (let left = load<u32>(PER_LENGTH + (length << 2)); left > 0; left--) {
      store<u8>(lengths + (load<u32>(position) & ((1 << SYMBOL_BITS) - 1)), <u8>length);
      position += 4;
    }
  }
}

/** The symbols that occur, and two at least: some decoders refuse a code with fewer. */
function collect(counts: u32, symbols: u32): u32 {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const frequency = load<u32>(counts + (symbol << 2));
    if (frequency > 0) store<u32>(SORTED + (used++ << 2), (frequency << SYMBOL_BITS) | symbol);
  }
  for (let symbol: u32 = 0; used < 2; symbol++) {
    if (load<u32>(counts + (symbol << 2)) > 0) continue;
    store<u32>(SORTED + (used++ << 2), (1 << SYMBOL_BITS) | symbol);
  }
  return used;
}

/** Shell's sort, the rarest first. */
function sort(used: u32): void {
  for (let gap: u32 = 121; gap > 0; gap /= 3) {
    for (let next = gap; next < used; next++) {
      const value = load<u32>(SORTED + (next << 2));
      let place = next;
      for (; place >= gap; place -= gap) {
        const before = load<u32>(SORTED + ((place - gap) << 2));
        if (before <= value) break;
        store<u32>(SORTED + (place << 2), before);
      }
      store<u32>(SORTED + (place << 2), value);
    }
  }
}

/**
 * The depths of the inner nodes of Huffman's tree, the root's (0) last, in the place of the weights:
 * the method of Moffat and Katajainen, which needs no memory for the tree.
 */
function treeDepths(used: u32): void {
  for (let i: u32 = 0; i < used; i++)
    store<u32>(WEIGHTS + (i << 2), load<u32>(SORTED + (i << 2)) >> SYMBOL_BITS);
  let inner: u32 = 0;
  let leaf: u32 = 0;
  for (let next: u32 = 0; next < used - 1; next++) {
    let sum: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const innerAt = WEIGHTS + (inner << 2);
      const leafAt = WEIGHTS + (leaf << 2);
      if (leaf >= used || (inner < next && load<u32>(innerAt) < load<u32>(leafAt))) {
        sum += load<u32>(innerAt);
        store<u32>(innerAt, next); // from here on its parent
        inner++;
      } else {
        sum += load<u32>(leafAt);
        leaf++;
      }
    }
    store<u32>(WEIGHTS + (next << 2), sum);
  }
  store<u32>(WEIGHTS + ((used - 2) << 2), 0);
  for (let node = <i32>used - 3; node >= 0; node--) {
    const at = WEIGHTS + ((<u32>node) << 2);
    store<u32>(at, load<u32>(WEIGHTS + (load<u32>(at) << 2)) + 1);
  }
}

/** How many leaves lie at each depth, none of them below `limit`. */
function lengthsPerDepth(used: u32, limit: u32): void {
  memory.fill(PER_LENGTH, 0, (limit + 1) * 4);
  let places: u32 = 1;
  let depth: u32 = 0;
  let node = <i32>used - 2;
  for (let left = used; left > 0; depth++) {
    let inner: u32 = 0;
    for (; node >= 0 && load<u32>(WEIGHTS + ((<u32>node) << 2)) == depth; node--) inner++;
    const leaves = places - inner;
    const at = PER_LENGTH + (min(depth, limit) << 2);
    store<u32>(at, load<u32>(at) + leaves);
    left -= leaves;
    places = inner * 2;
  }
  // What was lifted to the limit takes more of the space of codes than there is. Room is made by
  // moving leaves from above the limit down, one at a time, each with one from the limit beside it.
  let taken: u32 = 0;
  for (let length: u32 = 1; length <= limit; length++) {
    taken += load<u32>(PER_LENGTH + (length << 2)) << (limit - length);
  }
  for (; taken > (<u32>1) << limit; taken--) {
    let length = limit - 1;
    while (load<u32>(PER_LENGTH + (length << 2)) == 0) length--;
    const at = PER_LENGTH + (length << 2);
    store<u32>(at, load<u32>(at) - 1);
    store<u32>(at + 4, load<u32>(at + 4) + 2);
    store<u32>(PER_LENGTH + (limit << 2), load<u32>(PER_LENGTH + (limit << 2)) - 1);
  }
}

/** Gives each symbol its code, `code | bits << 24`; one without a length has none. */
export function assignCodes(lengths: u32, symbols: u32, codes: u32): void {
  memory.fill(PER_LENGTH, 0, 16 * 4);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) count(PER_LENGTH, load<u8>(lengths + symbol));
  let code: u32 = 0;
  let before: u32 = 0;
  for (let length: u32 = 1; length <= 15; length++) {
    const at = PER_LENGTH + (length << 2);
    code = (code + before) << 1;
    before = load<u32>(at);
    store<u32>(at, code); // from here on the next code of this length
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length: u32 = load<u8>(lengths + symbol);
    if (length == 0) {
      store<u32>(codes + (symbol << 2), 0);
      continue;
    }
    const at = PER_LENGTH + (length << 2);
    const next = load<u32>(at);
    store<u32>(at, next + 1);
    store<u32>(codes + (symbol << 2), (reversed(next) >> (32 - length)) | (length << 24));
  }
}

/** Codes are written from their highest bit on, everything else from its lowest. */
function reversed(value: u32): u32 {
  value = ((value >> 1) & 0x55555555) | ((value & 0x55555555) << 1);
  value = ((value >> 2) & 0x33333333) | ((value & 0x33333333) << 2);
  value = ((value >> 4) & 0x0f0f0f0f) | ((value & 0x0f0f0f0f) << 4);
  return bswap(value);
}
