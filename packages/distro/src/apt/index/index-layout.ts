/**
 * How a parsed index lies in one file, so that it is there again as soon as the file is read: the
 * packages' paragraphs, the names' bytes, sections of 32-bit numbers (little-endian), and at the end such
 * a header; each at a multiple of 4. What is written first is what is known first: a paragraph is copied
 * once, from where it was parsed to where it stays.
 *
 * Names stand in the order in which the index mentions them first: packages, then what each of
 * them asks for and provides. Among providers that are alike otherwise, apt's choice follows it.
 */
export const MAGIC = 0x31495041; // "API1"

/** Changes with the bytes below: files of another version are made anew. */
export const INDEX_FILE_VERSION = 3;

/** Numbers in the header after the magic and the version. */
export const HEADER = ["names", "slots", "packages", "provides", "nameBytes", "textBytes"] as const;
export type Counts = Readonly<Record<(typeof HEADER)[number], number>>;

/** The sections before the header in their order, and how many 32-bit numbers each takes. */
export const SECTIONS = {
  /** Where each name starts in the names' bytes; one more for the end. */
  nameStarts: ({ names }: Counts): number => names + 1,
  /** A hash table of names: number + 1, or 0. */
  slots: ({ slots }: Counts): number => slots,
  /** Of each package its name, and where its paragraph stands in the text. */
  packageNames: ({ packages }: Counts): number => packages,
  textStarts: ({ packages }: Counts): number => packages + 1,
  /** Which packages have a name: where each name's part of the list starts, and the list. */
  ownStarts: ({ names }: Counts): number => names + 1,
  own: ({ packages }: Counts): number => packages,
  /** Which packages provide a name. */
  providerStarts: ({ names }: Counts): number => names + 1,
  providers: ({ provides }: Counts): number => provides,
} as const;
export type SectionName = keyof typeof SECTIONS;

export const SECTION_NAMES: readonly SectionName[] = [
  "nameStarts",
  "slots",
  "packageNames",
  "textStarts",
  "ownStarts",
  "own",
  "providerStarts",
  "providers",
];

/**
 * The sum of each 4 bytes times a number of their own, mixed: few steps wait for one another. A name's
 * characters are bytes; packages/distro/apt-index/names.ts has the same.
 */
export function hashName(name: string): number {
  let hash = 0;
  let factor = 0x9e3779b1;
  for (let at = 0; at < name.length; at += 4) {
    // Behind the end there is NaN, which becomes 0.
    const low = name.charCodeAt(at) | (name.charCodeAt(at + 1) << 8);
    const high = name.charCodeAt(at + 2) | (name.charCodeAt(at + 3) << 8);
    hash = (hash + Math.imul(low | (high << 16), factor)) | 0;
    factor = Math.imul(factor, 0x85ebca6b);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Bytes up to a multiple of 4. */
export function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}
