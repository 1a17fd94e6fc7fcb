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
export const INDEX_FILE_VERSION = 2;

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

/** FNV-1a, 32 bits. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The same of the name that stands between two places, each byte a character. */
export function hashBytes(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

/** Bytes up to a multiple of 4. */
export function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}
