/*
 * The fields of a paragraph, found by their names.
 */

/** Places in `starts` and `ends` of paragraphs.ts, plus one. */
export const NAME: u32 = 1;
export const PROVIDES: u32 = 2;
export const MULTI_ARCH: u32 = 3;
/** Those with names of others, in the order in which apt reads them. */
export const FIRST_RELATION: u32 = 4;
export const LAST_RELATION: u32 = 11;

/** What is known of a field: the length of its name, whether it is kept, and where it is remembered. */
export const IS_KEPT: u32 = 0x100;
export const PLACE_SHIFT: u32 = 16;
const LENGTH: u32 = 0xff;

/** No field that is known has a longer name. */
const LONGEST: u32 = 16;
/** Entries of 32 bytes: 16 of the name in small letters, then what is known. Most are empty. */
const TABLE_BITS: u32 = 7;
const TABLE = <u32>memory.data(32 << TABLE_BITS, 16);
const TABLE_END: u32 = TABLE + (32 << TABLE_BITS);
/** 16 bytes of ones, 16 of zeros: read from the middle, a mask for the first bytes of 16. */
const MASKS = <u32>memory.data(32, 16);
/** Where names are put to be looked up. */
const WORD = <u32>memory.data(LONGEST, 16);

memory.fill(MASKS, 0xff, 16);

// What `packageOf` reads is kept. MD5, tags, maintainers make up the better half of an index.
add("package", IS_KEPT, NAME);
add("source", IS_KEPT, 0);
add("version", IS_KEPT, 0);
add("architecture", IS_KEPT, 0);
add("priority", IS_KEPT, 0);
add("section", IS_KEPT, 0);
add("essential", IS_KEPT, 0);
add("protected", IS_KEPT, 0);
add("important", IS_KEPT, 0);
add("multi-arch", IS_KEPT, MULTI_ARCH);
add("provides", IS_KEPT, PROVIDES);
add("filename", IS_KEPT, 0);
add("size", IS_KEPT, 0);
add("installed-size", IS_KEPT, 0);
add("sha256", IS_KEPT, 0);
add("sha512", IS_KEPT, 0);
add("description", IS_KEPT, 0);
add("homepage", IS_KEPT, 0);
add("pre-depends", IS_KEPT, FIRST_RELATION);
add("depends", IS_KEPT, FIRST_RELATION + 1);
add("conflicts", IS_KEPT, FIRST_RELATION + 2);
add("breaks", IS_KEPT, FIRST_RELATION + 3);
add("recommends", IS_KEPT, FIRST_RELATION + 4);
add("suggests", IS_KEPT, FIRST_RELATION + 5);
add("replaces", IS_KEPT, FIRST_RELATION + 6);
add("enhances", 0, LAST_RELATION);

/** What is known of the field with this name; 0 of others. */
export function fieldAt(from: u32, length: u32): u32 {
  if (length > LONGEST) return 0;
  const key = keyAt(from, length);
  let at = entryOf(key);
  let known = load<u32>(at + 16);
  while (known != 0 && !((known & LENGTH) == length && v128.all_true<u8>(v128.eq<u8>(v128.load(at), key)))) {
    at = next(at);
    known = load<u32>(at + 16);
  }
  return known;
}

function add(name: string, isKept: u32, place: u32): void {
  const length = <u32>name.length;
  for (let at: u32 = 0; at < length; at++) store<u8>(WORD + at, <u8>name.charCodeAt(at));
  const key = keyAt(WORD, length);
  let at = entryOf(key);
  while (load<u32>(at + 16) != 0) at = next(at);
  v128.store(at, key);
  store<u32>(at + 16, length | isKept | (place << PLACE_SHIFT));
}

function next(at: u32): u32 {
  return at + 32 == TABLE_END ? TABLE : at + 32;
}

function entryOf(key: v128): u32 {
  const mixed = (v128.extract_lane<u64>(key, 0) ^ (v128.extract_lane<u64>(key, 1) << 5)) * 0x9e3779b97f4a7c15;
  return TABLE + (<u32>(mixed >> (64 - TABLE_BITS)) << 5);
}

/** A name in small letters, with zeros behind it. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function keyAt(from: u32, length: u32): v128 {
  const bytes = v128.load(from);
  const isLarge = v128.lt<u8>(v128.sub<u8>(bytes, v128.splat<u8>(0x41)), v128.splat<u8>(26));
  const small = v128.or(bytes, v128.and(isLarge, v128.splat<u8>(0x20)));
  return v128.and(small, v128.load(MASKS + 16 - length));
}
