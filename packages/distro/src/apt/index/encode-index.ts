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
/** Of names with `:any`, in a place of their own. */
const ANY = Buffer.from(":any");

/** A `Packages` file in the form of index-layout.ts; parsed as it comes. `INDEX_INVALID`, `INDEX_TOO_LARGE` */
export async function encodeIndex(stream: ByteStream): Promise<Buffer> {
  const encoder = new IndexEncoder();
  for await (const chunk of stream) encoder.add(chunk);
  return encoder.finish();
}

/** Parses a `Packages` file piece by piece. */
export class IndexEncoder {
  readonly #names = new NameTable();
  readonly #packageNames: number[] = [];
  readonly #textStarts: number[] = [];
  readonly #provides: { readonly name: number; readonly provider: number }[] = [];
  readonly #text = new GrowingText();
  /** What has come of a paragraph that has not ended. */
  readonly #rest = new GrowingBuffer();
  /** Bytes before it. */
  #base = 0;

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
      textStarts: Uint32Array.from([...this.#textStarts, this.#text.length]),
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
      textBytes: this.#text.length,
    };
    const header = Uint32Array.from([MAGIC, INDEX_FILE_VERSION, ...HEADER.map((key) => counts[key])]);
    return Buffer.concat([
      bytesOf(header),
      ...SECTION_NAMES.map((name) => bytesOf(checked(name, sections[name], counts))),
      names.bytes,
      Buffer.alloc(aligned(names.bytes.length) - names.bytes.length),
      ...this.#text.pieces(),
    ]);
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
    this.#textStarts.push(this.#text.length);
    paragraph.eachKept((from, to) => this.#text.append(bytes, from, to));
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
  #memory = Buffer.allocUnsafeSlow(2 ** 21);
  #length = 0;

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

  /** Drops bytes from the front. */
  drop(length: number): void {
    this.#memory.copyWithin(0, length, this.#length);
    this.#length -= length;
  }
}

/** The same, in pieces that stay where they are. */
class GrowingText {
  readonly #pieces: Buffer[] = [];
  #piece = Buffer.alloc(0);
  #used = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  pieces(): readonly Buffer[] {
    return [...this.#pieces, this.#piece.subarray(0, this.#used)];
  }

  append(bytes: Buffer, from: number, to: number): void {
    if (this.#used + to - from > this.#piece.length) {
      this.#pieces.push(this.#piece.subarray(0, this.#used));
      this.#piece = Buffer.allocUnsafeSlow(Math.max(PIECE_SIZE, to - from));
      this.#used = 0;
    }
    this.#used += bytes.copy(this.#piece, this.#used, from, to);
    this.#length += to - from;
  }
}

const PIECE_SIZE = 4 * 2 ** 20;

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
