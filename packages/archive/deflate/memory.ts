/*
 * Where everything lies in the module's memory. Nothing is ever allocated.
 */

/** As far back as deflate can refer (RFC 1951, 2). */
export const WINDOW_SIZE: u32 = 0x8000;
/** The most that is deflated at once. */
export const BLOCK_SIZE: u32 = 0x100000;

/** Two tables of positions, their lowest 16 bits, by the hash of the bytes there. */
export const SHORT_BITS: u32 = 14;
export const LONG_BITS: u32 = 14;
export const SHORT_TABLE: u32 = 0x10000;
export const LONG_TABLE: u32 = SHORT_TABLE + (1 << SHORT_BITS) * 2;
export const TABLES_SIZE: u32 = (1 << SHORT_BITS) * 2 + (1 << LONG_BITS) * 2;

/** What was found: for each match 8 bytes, `literals before it | distance << 32 | length << 48`. */
export const SEQUENCES: u32 = 0x40000;
export const MOST_SEQUENCES: u32 = 0x4000;

export const LITERALS: u32 = 288; // symbols for literals, the end of a block, and lengths
export const DISTANCES: u32 = 32;
export const PRECODES: u32 = 19;

// Frequencies: u32 for each symbol. The first two lie together, to be cleared together.
export const LITERAL_COUNTS: u32 = SEQUENCES + MOST_SEQUENCES * 8;
export const DISTANCE_COUNTS: u32 = LITERAL_COUNTS + LITERALS * 4;
export const PRECODE_COUNTS: u32 = DISTANCE_COUNTS + DISTANCES * 4;

// Lengths of codes in bits: u8 for each symbol.
export const LITERAL_LENGTHS: u32 = PRECODE_COUNTS + 20 * 4;
export const DISTANCE_LENGTHS: u32 = LITERAL_LENGTHS + LITERALS;
export const PRECODE_LENGTHS: u32 = DISTANCE_LENGTHS + DISTANCES;

// Codes: u32 for each symbol, `code | bits << 24`; bits are in the order they are written. For a distance
// also how many extra bits follow, `<< 16`.
export const LITERAL_CODES: u32 = PRECODE_LENGTHS + 24;
export const DISTANCE_CODES: u32 = LITERAL_CODES + LITERALS * 4;
export const PRECODE_CODES: u32 = DISTANCE_CODES + DISTANCES * 4;
/** The same for each length of a match, from 0 to 258, with its extra bits. */
export const MATCH_CODES: u32 = PRECODE_CODES + 20 * 4;

// For the making of codes.
export const SORTED: u32 = MATCH_CODES + 260 * 4; // u32: frequency << 9 | symbol
export const WEIGHTS: u32 = SORTED + LITERALS * 4; // u32
export const PER_LENGTH: u32 = WEIGHTS + LITERALS * 4; // u32: how many symbols have a code of this length
export const HEADER: u32 = PER_LENGTH + 512 * 4; // u16: symbol | extra << 8
export const ALL_LENGTHS: u32 = HEADER + 320 * 2; // u8

// Constant tables, u8: the slot of a match's length, and of its distance (those below 256, then by 128s).
export const LENGTH_SLOTS: u32 = ALL_LENGTHS + 320;
export const DISTANCE_SLOTS: u32 = LENGTH_SLOTS + 260;

/** The window, ending where the data begins. */
export const WINDOW: u32 = 0x70000;
export const DATA: u32 = WINDOW + WINDOW_SIZE;
/** As long as the data and a little more: what does not get smaller is stored. */
export const OUTPUT: u32 = DATA + BLOCK_SIZE + 0x1000;

/** One more of the symbol in a table of frequencies. */
export function count(table: u32, symbol: u32): void {
  const at = table + (symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}
