import { collect, decompress, fromBytes } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { parseAddress, showAddress } from "../../fetch/address.ts";
import { foldNames, lookUp, parseCatalogue } from "./catalogue.ts";
import type { FoundPackage, PackageSource } from "./package-source.ts";

/** Bytes of a catalogue as it is fetched, and of what it decompresses to. All of nixpkgs takes some 60 MB. */
const FILE_LIMIT = 256 * 2 ** 20;
const CONTENT_LIMIT = 1024 * 2 ** 20;
const MOST_SIMILAR = 3;

/**
 * Attributes from a catalogue at an address or path; it may be compressed. Where a channel is asked
 * for, the catalogue has to be of it. `INDEX_INVALID`, `NOT_FOUND`, `PLATFORM_UNSUPPORTED`
 */
export async function catalogueSource(
  address: string,
  system: string,
  channel: string | undefined,
  context: Context,
): Promise<PackageSource> {
  const shown = showAddress(parseAddress(address));
  const { bytes, digest } = await context.fetcher.current(address, {
    limit: FILE_LIMIT,
    signal: context.signal,
  });
  const catalogue = parseCatalogue(await contentOf(bytes, shown), shown);
  const name = catalogue.channel ?? "";
  if (channel !== undefined && catalogue.channel !== channel) {
    const found = catalogue.channel ?? "no channel that it names";
    throw new DistroError("NOT_FOUND", `${shown} is the catalogue of ${found}, not of ${channel}`, {
      advice: "Put {release} into COOPER_NIX_CATALOGUE where there is a catalogue for each channel.",
      fields: { channel },
    });
  }
  const entries = Object.hasOwn(catalogue.systems, system) ? catalogue.systems[system] : undefined;
  if (entries === undefined) {
    throw new DistroError("PLATFORM_UNSUPPORTED", `${shown} has nothing for ${system}`, {
      advice: `It has ${Object.keys(catalogue.systems).join(", ")}.`,
      fields: { system },
    });
  }
  context.onEvent({ type: "index-loaded", repository: shown, packages: Object.keys(entries).length });
  const byFolded = foldNames(Object.keys(entries));
  return {
    name: `catalogue ${name}`.trimEnd(),
    digest,
    find: async (attributes) => {
      const found = new Map<string, FoundPackage>();
      for (const attribute of attributes) {
        const one = lookUp(entries, attribute, byFolded, shown);
        if (one !== undefined) found.set(attribute, one);
      }
      return found;
    },
    similar: (attribute) => {
      const text = attribute.toLowerCase();
      const near = [...byFolded].filter(([folded]) => folded.includes(text) || text.includes(folded));
      const distance = ([folded]: readonly [string, unknown]): number =>
        Math.abs(folded.length - text.length);
      const sorted = near.toSorted((a, b) => distance(a) - distance(b) || (a[0] < b[0] ? -1 : 1));
      return sorted.flatMap(([, names]) => names).slice(0, MOST_SIMILAR);
    },
  };
}

async function contentOf(bytes: Buffer, shown: string): Promise<Buffer> {
  try {
    return await collect(decompress(fromBytes(bytes)), { limit: CONTENT_LIMIT });
  } catch (cause) {
    if (!isFault(cause)) throw cause;
    throw new DistroError("INDEX_INVALID", `${shown}: ${cause.message}`, { cause });
  }
}
