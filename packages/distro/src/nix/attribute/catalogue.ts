import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { DistroError } from "../../errors.ts";
import { parseStorePath, type StorePath } from "../store/store-path.ts";
import { defaultOutputs, type FoundPackage, spellings } from "./package-source.ts";

/** The version of the format that this reads and writes. */
const CATALOGUE_VERSION = 1;

const storePath = z
  .string()
  .refine((text) => parseStorePath(text) !== undefined, { error: "is no store path" });

/** One attribute of a catalogue. */
const catalogueEntry = z.object({
  name: z.string().optional().describe("The package's name; default: the attribute"),
  version: z.string().optional(),
  outputs: z.record(z.string(), storePath).describe("Store paths by the output's name"),
  install: z.array(z.string()).optional().describe("The outputs that are meant where none is named"),
  license: z.string().optional().describe("An SPDX expression, or nixpkgs' own word"),
  description: z.string().optional(),
  homepage: z.string().optional(),
  program: z.string().optional().describe("The name of its main program"),
});

const catalogue = z.object({
  version: z.literal(CATALOGUE_VERSION),
  channel: z.string().optional().describe("What it was made of: nixos-24.05"),
  systems: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .describe("Attributes by system: x86_64-linux"),
});

/** A catalogue file: attribute → store paths, for each system (docs/nix.md). */
export type CatalogueEntry = z.infer<typeof catalogueEntry>;

export interface Catalogue {
  readonly version: typeof CATALOGUE_VERSION;
  readonly channel?: string | undefined;
  readonly systems: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Reads a catalogue. Its entries are looked at when they are asked for: there may be 100,000. `INDEX_INVALID` */
export function parseCatalogue(bytes: Uint8Array, address: string): Catalogue {
  let value: unknown;
  try {
    if (!isUtf8(bytes)) throw new SyntaxError("it is not UTF-8");
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw invalid(address, cause instanceof Error ? cause.message : "it is no JSON", cause);
  }
  const parsed = catalogue.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(address, z.prettifyError(parsed.error), parsed.error);
}

/** A catalogue as it is written: attributes sorted, so that the same packages give the same bytes. */
export function formatCatalogue(
  systems: Readonly<Record<string, Readonly<Record<string, CatalogueEntry>>>>,
  channel: string | undefined,
): string {
  const sorted = Object.entries(systems).map(([system, entries]) => [system, sortedKeys(entries)] as const);
  const content = {
    version: CATALOGUE_VERSION,
    ...(channel === undefined ? {} : { channel }),
    systems: sortedKeys(Object.fromEntries(sorted)),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

function sortedKeys<Value>(record: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * An attribute of a catalogue: as it is written, or else in any case, as long as only one is spelled
 * so. `INDEX_INVALID`: the entry makes no sense. `UNSOLVABLE`: several are meant.
 */
export function lookUp(
  entries: Readonly<Record<string, unknown>>,
  wanted: string,
  byFolded: ReadonlyMap<string, readonly string[]>,
  address: string,
): FoundPackage | undefined {
  for (const attribute of spellings(wanted)) {
    if (Object.hasOwn(entries, attribute)) return read(attribute, entries[attribute], address);
  }
  for (const attribute of spellings(wanted.toLowerCase())) {
    const [found, ...others] = byFolded.get(attribute) ?? [];
    if (found === undefined) continue;
    if (others.length === 0) return read(found, entries[found], address);
    throw new DistroError("UNSOLVABLE", `${wanted} may be ${[found, ...others].join(" or ")}`, {
      advice: "Write it with its capitals.",
    });
  }
  return undefined;
}

/** Names by their small letters. */
export function foldNames(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const folded = new Map<string, string[]>();
  for (const name of names) {
    const key = name.toLowerCase();
    const others = folded.get(key);
    if (others === undefined) folded.set(key, [name]);
    else others.push(name);
  }
  return folded;
}

function read(attribute: string, value: unknown, address: string): FoundPackage {
  const parsed = catalogueEntry.safeParse(value);
  if (!parsed.success) throw invalid(address, `${attribute}: ${z.prettifyError(parsed.error)}`, parsed.error);
  return foundPackage(attribute, parsed.data);
}

/** What an entry says, with what it leaves out. */
export function foundPackage(attribute: string, entry: CatalogueEntry): FoundPackage {
  const outputs = new Map<string, StorePath>();
  for (const [name, text] of Object.entries(entry.outputs)) {
    const path = parseStorePath(text);
    if (path !== undefined) outputs.set(name, path);
  }
  return {
    attribute,
    name: entry.name ?? attribute,
    version: entry.version ?? "",
    outputs,
    install: entry.install?.filter((name) => outputs.has(name)) ?? defaultOutputs([...outputs.keys()]),
    license: entry.license ?? "",
    description: entry.description ?? "",
    homepage: entry.homepage ?? "",
    program: entry.program ?? "",
  };
}

function invalid(address: string, what: string, cause: unknown): DistroError {
  return new DistroError("INDEX_INVALID", `${address} is no catalogue: ${what}`, {
    cause,
    advice: "docs/nix.md has the format; cooper nix catalogue writes one.",
  });
}
