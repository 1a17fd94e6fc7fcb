import { DistroError } from "../../errors.ts";
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
import { type Paragraph, readParagraphs } from "./paragraphs.ts";

/** More packages than any distribution has, fewer than what hurts. */
const MAX_PACKAGES = 2_000_000;

/** A `Packages` file in the form of index-layout.ts. `INDEX_INVALID` */
export function encodeIndex(content: Buffer): readonly Buffer[] {
  const names = new Map<string, number>();
  const intern = (name: string): number => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size);
    return names.size - 1;
  };
  const packageNames: number[] = [];
  const textStarts: number[] = [];
  const provides: { readonly name: number; readonly provider: number }[] = [];
  const text = Buffer.allocUnsafe(content.length);
  let length = 0;
  for (const paragraph of readParagraphs(content)) {
    if (packageNames.length >= MAX_PACKAGES) {
      throw new DistroError("INDEX_TOO_LARGE", `the index has more than ${MAX_PACKAGES} packages`);
    }
    const provider = packageNames.length;
    packageNames.push(intern(paragraph.name));
    textStarts.push(length);
    for (const [from, to] of paragraph.kept) length += content.copy(text, length, from, to);
    for (const name of paragraph.mentions) intern(name);
    for (const name of providedNames(paragraph)) provides.push({ name: intern(name), provider });
  }
  textStarts.push(length);
  const own = grouped(
    names.size,
    packageNames.map((name, provider) => ({ name, provider })),
  );
  const providers = grouped(names.size, provides);
  const nameBytes = Buffer.from([...names.keys()].join(""), "latin1");
  const slots = slotsFor(names);
  const sections: Readonly<Record<SectionName, Uint32Array>> = {
    nameStarts: startsOf(names),
    slots,
    packageNames: Uint32Array.from(packageNames),
    textStarts: Uint32Array.from(textStarts),
    ownStarts: own.starts,
    own: own.list,
    providerStarts: providers.starts,
    providers: providers.list,
  };
  const counts: Counts = {
    names: names.size,
    slots: slots.length,
    packages: packageNames.length,
    provides: provides.length,
    nameBytes: nameBytes.length,
    textBytes: length,
  };
  const header = Uint32Array.from([MAGIC, INDEX_FILE_VERSION, ...HEADER.map((key) => counts[key])]);
  return [
    bytesOf(header),
    ...SECTION_NAMES.map((name) => bytesOf(checked(name, sections[name], counts))),
    nameBytes,
    Buffer.alloc(aligned(nameBytes.length) - nameBytes.length),
    text.subarray(0, length),
  ];
}

/** Its own name with `:any` too, where others may ask for it whatever its architecture. deb-control(5) */
function providedNames({ name, provides, multiArch }: Paragraph): readonly string[] {
  if (multiArch !== "allowed") return provides;
  return [
    ...provides.flatMap((each) => (each.includes(":") ? [each] : [`${each}:any`, each])),
    `${name}:any`,
  ];
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

function startsOf(names: ReadonlyMap<string, number>): Uint32Array {
  const starts = new Uint32Array(names.size + 1);
  let at = 0;
  for (const [name, number] of names) {
    starts[number] = at;
    at += name.length;
  }
  starts[names.size] = at;
  return starts;
}

/** At most half full; a name stands at its hash or in the next free slot. */
function slotsFor(names: ReadonlyMap<string, number>): Uint32Array {
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(names.size * 2 + 2)));
  for (const [name, number] of names) {
    let at = hashName(name) & (slots.length - 1);
    while (slots[at] !== 0) at = (at + 1) & (slots.length - 1);
    slots[at] = number + 1;
  }
  return slots;
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
