import { DistroError } from "../../errors.ts";
import { parseStanza } from "../control/stanza.ts";
import { type AptPackage, packageOf } from "./apt-package.ts";
import { IndexEncoder } from "./encode-index.ts";
import {
  aligned,
  type Counts,
  hashName,
  HEADER,
  INDEX_FILE_VERSION,
  MAGIC,
  SECTION_NAMES,
  type SectionName,
  SECTIONS,
} from "./index-layout.ts";

/**
 * A `Packages` file that was parsed: names are found by a hash table that lies in the file, and a
 * package's paragraph is read when it is first asked for. 63,000 packages are there in the time in
 * which their bytes are read.
 */
export class IndexFile {
  readonly #counts: Counts;
  readonly #sections: Readonly<Record<SectionName, Uint32Array>>;
  readonly #names: Buffer;
  readonly #text: Buffer;
  readonly #packages = new Map<number, AptPackage>();

  /** Of the bytes that `encodeIndex` made. `INDEX_INVALID` */
  constructor(bytes: Buffer) {
    // A view of 32-bit numbers must start at a multiple of 4 of its memory.
    const file = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer);
    const headerBytes = (HEADER.length + 2) * 4;
    if (file.length < headerBytes || file.length % 4 !== 0) throw invalid();
    const [magic, version, ...numbers] = numbersAt(file, file.length - headerBytes, HEADER.length + 2);
    if (magic !== MAGIC || version !== INDEX_FILE_VERSION) throw invalid();
    const counts = Object.fromEntries(HEADER.map((key, at) => [key, numbers[at] ?? 0]));
    this.#counts = { names: 0, slots: 0, packages: 0, provides: 0, nameBytes: 0, textBytes: 0, ...counts };
    const { textBytes, nameBytes } = this.#counts;
    if (textBytes > file.length || nameBytes > file.length) throw invalid();
    let at = aligned(textBytes) + aligned(nameBytes);
    const take = (name: SectionName): Uint32Array => {
      const length = SECTIONS[name](this.#counts);
      const start = at;
      at += length * 4;
      if (at > file.length) throw invalid();
      return numbersAt(file, start, length);
    };
    const empty = new Uint32Array();
    const sections: Record<SectionName, Uint32Array> = {
      nameStarts: empty,
      slots: empty,
      packageNames: empty,
      textStarts: empty,
      ownStarts: empty,
      own: empty,
      providerStarts: empty,
      providers: empty,
    };
    for (const name of SECTION_NAMES) sections[name] = take(name);
    this.#sections = sections;
    this.#names = file.subarray(aligned(textBytes), aligned(textBytes) + nameBytes);
    this.#text = file.subarray(0, textBytes);
    const { nameStarts, textStarts, ownStarts, providerStarts } = sections;
    const isWhole =
      at + headerBytes === file.length &&
      nameStarts.at(-1) === nameBytes &&
      textStarts.at(-1) === textBytes &&
      ownStarts.at(-1) === this.#counts.packages &&
      providerStarts.at(-1) === this.#counts.provides;
    if (!isWhole) throw invalid();
  }

  /** Parses a `Packages` file and keeps it in memory. `INDEX_INVALID` */
  static parse(content: Buffer | string): IndexFile {
    const encoder = new IndexEncoder();
    encoder.add(Buffer.from(content));
    return new IndexFile(encoder.finish());
  }

  get packages(): number {
    return this.#counts.packages;
  }

  /** How many names it mentions: of packages, of what they ask for and provide. */
  get names(): number {
    return this.#counts.names;
  }

  /** A name's number, in the order in which the index mentions them; undefined where it does not. */
  find(name: string): number | undefined {
    const { slots } = this.#sections;
    for (let at = hashName(name) & (slots.length - 1); ; at = (at + 1) & (slots.length - 1)) {
      const slot = slots[at] ?? 0;
      if (slot === 0) return undefined;
      if (this.nameOf(slot - 1) === name) return slot - 1;
    }
  }

  nameOf(name: number): string {
    const { nameStarts } = this.#sections;
    return this.#names.toString("latin1", nameStarts[name] ?? 0, nameStarts[name + 1] ?? 0);
  }

  /** Numbers of the packages with this name, in the index's order. */
  packagesNamed(name: number): Uint32Array {
    const { ownStarts, own } = this.#sections;
    return own.subarray(ownStarts[name] ?? 0, ownStarts[name + 1] ?? 0);
  }

  /** Numbers of the packages that provide this name, in the index's order. */
  providersOf(name: number): Uint32Array {
    const { providerStarts, providers } = this.#sections;
    return providers.subarray(providerStarts[name] ?? 0, providerStarts[name + 1] ?? 0);
  }

  /** The name of a package by the package's number, without reading its paragraph. */
  nameOfPackage(number: number): string {
    return this.nameOf(this.#sections.packageNames[number] ?? 0);
  }

  /** Numbers of the packages whose paragraph has this line, found without reading the others. */
  packagesWith(field: string, value: string): readonly number[] {
    const line = `\n${field}: ${value}\n`;
    const found: number[] = [];
    for (let at = this.#text.indexOf(line); at !== -1; at = this.#text.indexOf(line, at + 1)) {
      found.push(this.#packageAt(at + 1));
    }
    return found;
  }

  /** The last one that starts at or before this place in the text. */
  #packageAt(place: number): number {
    const { textStarts } = this.#sections;
    let low = 0;
    let high = this.#counts.packages;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((textStarts[middle] ?? 0) <= place) low = middle;
      else high = middle;
    }
    return low;
  }

  /** A package by its number. `INDEX_INVALID` */
  package(number: number): AptPackage {
    let found = this.#packages.get(number);
    if (found === undefined) {
      const { textStarts } = this.#sections;
      found = packageOf(
        parseStanza(this.#text.toString("utf8", textStarts[number] ?? 0, textStarts[number + 1] ?? 0)),
      );
      this.#packages.set(number, found);
    }
    return found;
  }
}

function numbersAt({ buffer, byteOffset }: Buffer, start: number, length: number): Uint32Array {
  return new Uint32Array(buffer, byteOffset + start, length);
}

function invalid(): DistroError {
  return new DistroError("INDEX_INVALID", "the parsed index in the cache is damaged", {
    advice: "Remove it: it is made again.",
  });
}
