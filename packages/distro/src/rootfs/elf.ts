/** What the dynamic linker's cache has to know of a shared library. */
export interface SharedLibrary {
  /** Undefined where it names none. */
  readonly soname: string | undefined;
  readonly bits: 32 | 64;
  /** `e_machine`: 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  /** `e_flags`, which tells ARM's and RISC-V's calling conventions apart. */
  readonly flags: number;
}

/** Reads from a file: fewer bytes only at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** Whether ldconfig looks at a file of this name: `libc.so.6`, `ld-linux-x86-64.so.2`. */
export function isLibraryName(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (name.startsWith("lib") || name.startsWith("ld-")) && name.includes(".so");
}

/**
 * What an ELF file (System V ABI, chapters 4 and 5) says of itself. Undefined for all that is no shared
 * library of Linux: another format, a program without dynamic section, a file that is damaged.
 */
export async function readSharedLibrary(read: ReadAt): Promise<SharedLibrary | undefined> {
  const header = await read(0, 64);
  if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const bits = header[4] === 1 ? 32 : 64;
  const fields = new Fields(header, header[5] === 2 ? "big" : "little", bits);
  if (fields.short(16) !== ET_DYN) return undefined;
  const machine = fields.short(18);
  const flags = fields.word(bits === 64 ? 48 : 36);
  const segments = await readSegments(read, fields);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return undefined;
  const soname = await readSoname(read, fields, segments, dynamic);
  return { soname, bits, machine, flags };
}

const ET_DYN = 3;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NULL = 0;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const MAX_DYNAMIC_BYTES = 2 ** 20;
const MAX_SONAME_BYTES = 4096;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

async function readSegments(read: ReadAt, header: Fields): Promise<readonly Segment[]> {
  const { bits } = header;
  const start = header.address(bits === 64 ? 32 : 28);
  const entrySize = header.short(bits === 64 ? 54 : 42);
  const count = header.short(bits === 64 ? 56 : 44);
  const least = bits === 64 ? 56 : 32;
  if (entrySize < least) return [];
  const table = new Fields(await read(start, entrySize * count), header.order, bits);
  const segments: Segment[] = [];
  for (let at = 0; at + least <= table.length; at += entrySize) {
    segments.push({
      type: table.word(at),
      offset: table.address(at + (bits === 64 ? 8 : 4)),
      address: table.address(at + (bits === 64 ? 16 : 8)),
      size: table.address(at + (bits === 64 ? 32 : 16)),
    });
  }
  return segments;
}

async function readSoname(
  read: ReadAt,
  header: Fields,
  segments: readonly Segment[],
  dynamic: Segment,
): Promise<string | undefined> {
  const half = header.bits / 8;
  const size = Math.min(dynamic.size, MAX_DYNAMIC_BYTES);
  const table = new Fields(await read(dynamic.offset, size), header.order, header.bits);
  let name: number | undefined;
  let strings: number | undefined;
  for (let at = 0; at + 2 * half <= table.length; at += 2 * half) {
    const tag = table.address(at);
    if (tag === DT_NULL) break;
    if (tag === DT_SONAME) name = table.address(at + half);
    if (tag === DT_STRTAB) strings = table.address(at + half);
  }
  if (name === undefined || strings === undefined) return undefined;
  const address = strings;
  const segment = segments.find(
    ({ type, address: start, size: length }) =>
      type === PT_LOAD && address >= start && address < start + length,
  );
  if (segment === undefined) return undefined;
  const bytes = await read(address - segment.address + segment.offset + name, MAX_SONAME_BYTES);
  const end = bytes.indexOf(0);
  return end > 0 ? bytes.toString("latin1", 0, end) : undefined;
}

/** Numbers in an ELF file's byte order and width. */
class Fields {
  readonly order: "big" | "little";
  readonly bits: 32 | 64;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, order: "big" | "little", bits: 32 | 64) {
    this.#bytes = bytes;
    this.order = order;
    this.bits = bits;
  }

  get length(): number {
    return this.#bytes.length;
  }

  short(at: number): number {
    return this.order === "big" ? this.#bytes.readUInt16BE(at) : this.#bytes.readUInt16LE(at);
  }

  word(at: number): number {
    return this.order === "big" ? this.#bytes.readUInt32BE(at) : this.#bytes.readUInt32LE(at);
  }

  /** Past 2^53 it is no place in any file, and only has to stay a number. */
  address(at: number): number {
    if (this.bits === 32) return this.word(at);
    return Number(this.order === "big" ? this.#bytes.readBigUInt64BE(at) : this.#bytes.readBigUInt64LE(at));
  }
}
