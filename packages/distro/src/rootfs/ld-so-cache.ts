import type { SharedLibrary } from "./elf.ts";

/** A library as ld.so finds it. */
export interface CachedLibrary {
  /** What programs ask for. */
  readonly soname: string;
  readonly path: string;
  readonly library: SharedLibrary;
  /** `x86-64-v3`, where it is for processors of one level and better (`glibc-hwcaps/`). */
  readonly level: string | undefined;
}

const MAGIC = "glibc-ld.so.cache1.1";
const HEADER_SIZE = 48;
const ENTRY_SIZE = 24;
const EXTENSION_MAGIC = 0xeaa42174;
const TAG_GENERATOR = 0;
const TAG_HWCAPS = 1;
/** In an entry's `hwcap`: the rest is the number of a level's name. */
const HWCAP_EXTENSION = 0x40000000;
const GENERATOR = "cooper";

/**
 * `/etc/ld.so.cache` in the format that glibc reads since 2.2 and writes alone since 2.33 (its
 * elf/cache.c and sysdeps/generic/dl-cache.h), in the byte order of the libraries. ld.so searches it by
 * halving, so the order counts: falling, with numbers in names compared as numbers.
 */
export function encodeLdSoCache(libraries: readonly CachedLibrary[], order: "little" | "big"): Buffer {
  const levels = [...new Set(libraries.flatMap(({ level }) => level ?? []))].toSorted();
  const sorted = libraries.toSorted(compareEntries);
  const strings = new Strings(HEADER_SIZE + ENTRY_SIZE * sorted.length);
  const entries = sorted.map(({ soname, path, library, level }) => {
    const value = strings.add(path);
    // A library's name is the end of its path, nearly always.
    const key = path.endsWith(soname) ? value + path.length - soname.length : strings.add(soname);
    return { flags: cacheFlags(library), key, value, level };
  });
  const levelNames = levels.map((level) => strings.add(level));
  const text = strings.bytes();
  const extensionOffset = align(HEADER_SIZE + ENTRY_SIZE * sorted.length + text.length);
  const extension = encodeExtension(extensionOffset, levelNames, order);
  const cache = Buffer.alloc(extensionOffset + extension.length);
  const number = writer(cache, order);
  cache.write(MAGIC, "latin1");
  number(20, sorted.length);
  number(24, text.length);
  cache[28] = order === "little" ? 2 : 3;
  number(32, extensionOffset);
  for (const [at, { flags, key, value, level }] of entries.entries()) {
    const start = HEADER_SIZE + ENTRY_SIZE * at;
    number(start, flags);
    number(start + 4, key);
    number(start + 8, value);
    if (level === undefined) continue;
    number(start + (order === "little" ? 16 : 20), levels.indexOf(level));
    number(start + (order === "little" ? 20 : 16), HWCAP_EXTENSION);
  }
  text.copy(cache, HEADER_SIZE + ENTRY_SIZE * sorted.length);
  extension.copy(cache, extensionOffset);
  return cache;
}

/** Which ABI a library is for, as the cache tells it (sysdeps/generic/ldconfig.h); 0 where it has no sign. */
function cacheFlags({ bits, machine, flags }: SharedLibrary): number {
  return ELF_LIBC6 | (abiOf(bits, machine, flags) << 8);
}

const ELF_LIBC6 = 3;

function abiOf(bits: 32 | 64, machine: number, flags: number): number {
  switch (machine) {
    case EM_X86_64:
      return bits === 64 ? 0x03 : 0x08;
    case EM_AARCH64:
      return bits === 64 ? 0x0a : 0;
    case EM_ARM:
      if ((flags & 0x400) !== 0) return 0x09;
      return (flags & 0x200) !== 0 ? 0x0b : 0;
    case EM_PPC64:
      return bits === 64 ? 0x05 : 0;
    case EM_S390:
      return bits === 64 ? 0x04 : 0;
    case EM_RISCV:
      return (flags & 0x6) === 0x4 ? 0x10 : 0x0f;
    default:
      return 0;
  }
}

const EM_PPC64 = 21;
const EM_S390 = 22;
const EM_ARM = 40;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;
const EM_RISCV = 243;

function compareEntries(a: CachedLibrary, b: CachedLibrary): number {
  const byName = compareLibraryNames(b.soname, a.soname);
  if (byName !== 0) return byName;
  const byFlags = cacheFlags(b.library) - cacheFlags(a.library);
  if (byFlags !== 0) return byFlags;
  // Those for one level of processors first: ld.so stops at the first that is for all.
  if (a.level === undefined || b.level === undefined) {
    return Number(a.level === undefined) - Number(b.level === undefined);
  }
  return a.level < b.level ? -1 : Number(a.level > b.level);
}

/** glibc's `_dl_cache_libcmp`: runs of digits as numbers, and a digit after any other character. */
export function compareLibraryNames(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length) {
    const [ours, theirs] = [a.charCodeAt(i), j < b.length ? b.charCodeAt(j) : 0];
    if (isDigit(ours) && isDigit(theirs)) {
      const left = /^\d+/.exec(a.slice(i))?.[0] ?? "";
      const right = /^\d+/.exec(b.slice(j))?.[0] ?? "";
      if (Number(left) !== Number(right)) return Number(left) - Number(right);
      i += left.length;
      j += right.length;
    } else if (isDigit(ours)) {
      return 1;
    } else if (isDigit(theirs)) {
      return -1;
    } else if (ours !== theirs) {
      return ours - theirs;
    } else {
      i++;
      j++;
    }
  }
  return j < b.length ? -b.charCodeAt(j) : 0;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A directory of sections: who made the cache, and the names of levels. */
function encodeExtension(offset: number, levels: readonly number[], order: "little" | "big"): Buffer {
  const count = levels.length > 0 ? 2 : 1;
  const generator = Buffer.from(GENERATOR, "latin1");
  const generatorAt = 8 + 16 * count;
  const levelsAt = align(generatorAt + generator.length);
  const bytes = Buffer.alloc(
    levels.length > 0 ? levelsAt + 4 * levels.length : generatorAt + generator.length,
  );
  const number = writer(bytes, order);
  const section = (at: number, values: readonly number[]): void => {
    for (const [index, value] of values.entries()) number(at + 4 * index, value);
  };
  section(0, [EXTENSION_MAGIC, count]);
  section(8, [TAG_GENERATOR, 0, offset + generatorAt, generator.length]);
  generator.copy(bytes, generatorAt);
  if (levels.length > 0) {
    section(24, [TAG_HWCAPS, 0, offset + levelsAt, 4 * levels.length]);
    section(levelsAt, levels);
  }
  return bytes;
}

/** Strings that end with NUL, each once; given is the place in the file. */
class Strings {
  readonly #start: number;
  readonly #places = new Map<string, number>();
  #size = 0;

  constructor(start: number) {
    this.#start = start;
  }

  add(text: string): number {
    const before = this.#places.get(text);
    if (before !== undefined) return before;
    const place = this.#start + this.#size;
    this.#places.set(text, place);
    this.#size += text.length + 1;
    return place;
  }

  bytes(): Buffer {
    return Buffer.from([...this.#places.keys()].map((text) => `${text}\0`).join(""), "latin1");
  }
}

function align(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function writer(bytes: Buffer, order: "little" | "big"): (at: number, value: number) => void {
  return (at, value) =>
    void (order === "little" ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at));
}
