import { asBuffer, type ByteStream } from "@cooper/archive";
import { DistroError } from "../../errors.ts";
import {
  aligned,
  type Counts,
  HEADER,
  INDEX_FILE_VERSION,
  MAGIC,
  SECTION_NAMES,
  type SectionName,
  SECTIONS,
} from "./index-layout.ts";
import { NameTable } from "./name-table.ts";
import { type Paragraph, readParagraphs } from "./paragraphs.ts";

/** More packages than any distribution has, fewer than what hurts. */
const MAX_PACKAGES = 2_000_000;
/** Bytes of memory that are taken because somebody said how large an index is. */
const MOST_ROOM = 128 * 2 ** 20;
/** Of names with `:any`, in a place of their own. */
const ANY = Buffer.from(":any");

/**
 * A `Packages` file in the form of index-layout.ts; parsed as it comes. `size` is how many bytes it has, where
 * that is known: then memory is taken once. `INDEX_INVALID`, `INDEX_TOO_LARGE`
 */
export async function encodeIndex(stream: ByteStream, size?: number): Promise<Buffer> {
  const encoder = new IndexEncoder(size);
  for await (const chunk of stream) encoder.add(chunk);
  return encoder.finish();
}

/** Parses a `Packages` file piece by piece. */
export class IndexEncoder {
  readonly #names = new NameTable();
  readonly #packageNames: number[] = [];
  readonly #textStarts: number[] = [];
  readonly #provides: { readonly name: number; readonly provider: number }[] = [];
  /** The file that is made: first the text, then all else. */
  readonly #file: GrowingBuffer;
  /** What has come of a paragraph that has not ended. */
  readonly #rest = new GrowingBuffer(2 ** 21);
  /** Bytes before it. */
  #base = 0;

  constructor(size: number = 2 ** 20) {
    this.#file = new GrowingBuffer(Math.min(size, MOST_ROOM));
  }

  add(chunk: Uint8Array): void {
    const before = this.#rest.length;
    this.#rest.append(asBuffer(chunk), 0, chunk.byteLength);
    const bytes = this.#rest.bytes();
    const end = endOfParagraphs(bytes, Math.max(before - 2, 0));
    if (end > 0) this.#parse(bytes, end);
  }

  /** The whole file. */
  finish(): Buffer {
    this.#parse(this.#rest.bytes(), this.#rest.length);
    const names = this.#names;
    const file = this.#file;
    const own = grouped(
      names.size,
      this.#packageNames.map((name, provider) => ({ name, provider })),
    );
    const providers = grouped(names.size, this.#provides);
    const slots = names.slots();
    const sections: Readonly<Record<SectionName, Uint32Array>> = {
      nameStarts: names.starts,
      slots,
      packageNames: Uint32Array.from(this.#packageNames),
      textStarts: Uint32Array.from([...this.#textStarts, file.length]),
      ownStarts: own.starts,
      own: own.list,
      providerStarts: providers.starts,
      providers: providers.list,
    };
    const counts: Counts = {
      names: names.size,
      slots: slots.length,
      packages: this.#packageNames.length,
      provides: this.#provides.length,
      nameBytes: names.bytes.length,
      textBytes: file.length,
    };
    const header = Uint32Array.from([MAGIC, INDEX_FILE_VERSION, ...HEADER.map((key) => counts[key])]);
    file.align();
    file.append(names.bytes, 0, names.bytes.length);
    file.align();
    const numbers = [...SECTION_NAMES.map((name) => checked(name, sections[name], counts)), header];
    for (const each of numbers) file.append(bytesOf(each), 0, each.byteLength);
    return file.bytes();
  }

  #parse(bytes: Buffer, length: number): void {
    readParagraphs(bytes, length, this.#base, (paragraph, place) => {
      this.#addPackage(paragraph, bytes, place);
    });
    this.#base += length;
    this.#rest.drop(length);
  }

  #addPackage(paragraph: Paragraph, bytes: Buffer, place: number): void {
    const provider = this.#packageNames.length;
    if (provider >= MAX_PACKAGES) {
      throw new DistroError("INDEX_TOO_LARGE", `the index has more than ${MAX_PACKAGES} packages`);
    }
    const names = this.#names;
    const name = paragraph.name(bytes, place);
    const isForAny = paragraph.isForAny(bytes);
    this.#packageNames.push(names.intern(bytes, ...name));
    this.#textStarts.push(this.#file.length);
    paragraph.eachKept((from, to) => this.#file.append(bytes, from, to));
    paragraph.eachRelated(bytes, (start, end) => void names.intern(bytes, start, end));
    const provide = (provided: number): void => void this.#provides.push({ name: provided, provider });
    paragraph.eachProvided(bytes, (start, end) => {
      // Others may ask for it whatever its architecture: deb-control(5), Multi-Arch.
      if (isForAny && !bytes.subarray(start, end).includes(":")) provide(this.#nameForAny(bytes, start, end));
      provide(names.intern(bytes, start, end));
    });
    if (isForAny) provide(this.#nameForAny(bytes, ...name));
  }

  #nameForAny(bytes: Buffer, start: number, end: number): number {
    const name = Buffer.concat([bytes.subarray(start, end), ANY]);
    return this.#names.intern(name, 0, name.length);
  }
}

/** Behind the last empty line that ends at or after a place; 0 where there is none. */
function endOfParagraphs(bytes: Buffer, from: number): number {
  const ends = ["\n\n", "\n\r\n"].map((line) => {
    const found = bytes.subarray(from).lastIndexOf(line);
    return found === -1 ? 0 : from + found + line.length;
  });
  return Math.max(...ends);
}

/** Bytes one behind the other, in memory that doubles. */
class GrowingBuffer {
  #memory: Buffer;
  #length = 0;

  /** `room` in bytes, at first. */
  constructor(room: number) {
    this.#memory = Buffer.allocUnsafeSlow(room);
  }

  get length(): number {
    return this.#length;
  }

  /** Good until something is appended or dropped. */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  append(bytes: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#memory.length * 2, length));
      this.#memory.copy(larger, 0, 0, this.#length);
      this.#memory = larger;
    }
    bytes.copy(this.#memory, this.#length, from, to);
    this.#length = length;
  }

  /** Goes on at a multiple of 4. */
  align(): void {
    const padding = Buffer.alloc(aligned(this.#length) - this.#length);
    this.append(padding, 0, padding.length);
  }

  /** Drops bytes from the front. */
  drop(length: number): void {
    this.#memory.copyWithin(0, length, this.#length);
    this.#length -= length;
  }
}

interface Grouped {
  readonly starts: Uint32Array;
  readonly list: Uint32Array;
}

/** Providers by name, each name's in the order in which they came. */
function grouped(
  names: number,
  pairs: readonly { readonly name: number; readonly provider: number }[],
): Grouped {
  const starts = new Uint32Array(names + 1);
  for (const { name } of pairs) starts[name + 1] = (starts[name + 1] ?? 0) + 1;
  for (let name = 0; name < names; name++) starts[name + 1] = (starts[name + 1] ?? 0) + (starts[name] ?? 0);
  const next = starts.slice();
  const list = new Uint32Array(pairs.length);
  for (const { name, provider } of pairs) {
    const at = next[name] ?? 0;
    list[at] = provider;
    next[name] = at + 1;
  }
  return { starts, list };
}

function checked(name: SectionName, section: Uint32Array, counts: Counts): Uint32Array {
  if (section.length !== SECTIONS[name](counts)) {
    throw new DistroError("INDEX_INVALID", `the index does not add up: ${section.length} ${name}`);
  }
  return section;
}

function bytesOf(numbers: Uint32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
